"""Pseudo-MTL's losses: equations 1-10 against loops in numpy, and what must hold whatever the numbers are."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from stereo_oracle import BASELINE, DOFFS, FOCAL, PAIRS, TASKS, UNIT, H, K, Oracle, W, batch
from torch import Tensor

from mmmtl.errors import ConfigError, DataError
from mmmtl.models.consistency_losses import ConfidentRegression, StereoDepthConsistency, StereoSegmentationConsistency
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth

LOSSES = [ConfidentRegression, StereoDepthConsistency, StereoSegmentationConsistency]
GIVEN = dict(tasks=TASKS, in_channels=(4,), strides=(1,))


def run(loss, logits, targets, samples) -> Tensor:
    return loss(logits, targets, (), samples)


@pytest.mark.parametrize(('kind', 'name'), list(zip(LOSSES, ('regression', 'depth', 'classes'), strict=True)))
@pytest.mark.parametrize(
    ('warp_by', 'confidence'),
    [('pseudo', 'soft'), ('pseudo', 'hard'), ('pseudo', 'raw'), ('pseudo', 'off'), ('own', 'off')],
)
def test_the_equations(kind, name, warp_by, confidence):
    logits, targets, samples = batch()
    weights = {} if kind is ConfidentRegression else dict(lr=0.6, left=0.7, right=1.9)
    loss = kind(**GIVEN, warp_by=warp_by, confidence=confidence, tau=0.4, beta=7.0, **weights)
    found = run(loss, logits, targets, samples)
    oracles = [Oracle(logits, samples, pair, confidence, 0.4, 7.0, warp_by, 0.6, (0.7, 1.9)) for pair in range(PAIRS)]
    if warp_by == 'own' and name != 'classes':  # the pseudo disparity counts here too, where it is known
        for oracle in oracles:
            oracle.c = [c * (p > 0) for c, p in zip(oracle.c, oracle.pseudo, strict=True)]
    expected = np.mean([getattr(oracle, name)() for oracle in oracles])
    assert found.item() == pytest.approx(expected, rel=1e-4) and expected > 1e-3


def test_the_published_weights():
    regression, depth, classes = (kind(**GIVEN) for kind in LOSSES)
    assert regression.weight == 850 and all((loss.tau, loss.beta) == (0.5, 10) for loss in (regression, depth, classes))
    assert (depth.weight, depth.lr, depth.left, depth.right) == (1, 0.5, 1, 1)
    assert (classes.weight, classes.lr, classes.left, classes.right) == (1, 0.5, 1.5, 1.5)
    logits, targets, samples = batch()
    whole = run(classes, logits, targets, samples)
    parts = [
        run(StereoSegmentationConsistency(**GIVEN, **weights), logits, targets, samples)
        for weights in (dict(left=0, right=0), dict(lr=0, right=0), dict(lr=0, left=0))
    ]
    torch.testing.assert_close(sum(parts), whole)
    assert all(part > 0 for part in parts)


@pytest.mark.parametrize('kind', LOSSES)
def test_no_confidence_anywhere_is_a_zero_with_finite_gradients(kind):
    logits, targets, samples = batch()
    for sample in samples:
        sample.gt.confidence.zero_()
    logits = {name: values.requires_grad_() for name, values in logits.items()}
    for confidence in ('soft', 'hard', 'raw'):
        loss = run(kind(**GIVEN, confidence=confidence), logits, targets, samples)
        assert loss.item() == 0
        loss.backward()
    assert all(values.grad is not None and not values.grad.any() for values in logits.values())


@pytest.mark.parametrize('kind', LOSSES)
def test_gradients_are_finite_and_reach_what_is_compared(kind):
    logits, targets, samples = batch()
    logits = {name: values.requires_grad_() for name, values in logits.items()}
    run(kind(**GIVEN), logits, targets, samples).backward()
    compared, other = ('semseg', 'depth') if kind is StereoSegmentationConsistency else ('depth', 'semseg')
    assert logits[compared].grad.isfinite().all() and logits[compared].grad.flatten(1).any(1).all()
    assert not logits[other].grad.any()
    own, targets, samples = batch()
    own = {name: values.requires_grad_() for name, values in own.items()}
    run(kind(**GIVEN, warp_by='own', confidence='off'), own, targets, samples).backward()
    assert own['depth'].grad.any(), 'the depth that is warped by is learnt too'
    assert all(values.grad.isfinite().all() for values in own.values())


@pytest.mark.parametrize('kind', LOSSES)
def test_what_has_no_confidence_does_not_exist(kind):
    logits, targets, samples = batch()
    for sample in samples:
        sample.gt.confidence[:, 2] = 0
    loss = kind(**GIVEN)
    before = run(loss, logits, targets, samples)
    for sample in samples:
        sample.gt.disparity[:, 2] = 0.77
    assert run(loss, logits, targets, samples) == pytest.approx(before.item(), rel=1e-6)
    for sample in samples:
        sample.gt.confidence[:, 2] = 1
    assert run(loss, logits, targets, samples) != pytest.approx(before.item(), rel=1e-3)


@pytest.mark.parametrize('kind', LOSSES)
def test_pairs_count_alike_in_any_order_and_other_images_not_at_all(kind):
    logits, targets, samples = batch()
    loss = kind(**GIVEN)
    whole = run(loss, logits, targets, samples)
    order = [2, 3, 0, 1]
    moved = run(
        loss,
        *({n: v[order] for n, v in maps.items()} for maps in (logits, targets)),
        [samples[place] for place in order],
    )
    torch.testing.assert_close(moved, whole)
    single = MultiTaskDataSample(metainfo={'view': 0, 'num_views': 1})
    more = run(
        loss,
        *({n: torch.cat((v[:2], v[:1], v[2:])) for n, v in maps.items()} for maps in (logits, targets)),
        [*samples[:2], single, *samples[2:]],
    )
    torch.testing.assert_close(more, whole)
    for sample in samples[2:]:
        sample.set_metainfo({'supervision_role': 'supervised'})
    half = run(loss, logits, targets, samples)
    first = run(loss, *({n: v[:2] for n, v in maps.items()} for maps in (logits, targets)), samples[:2])
    torch.testing.assert_close(half, first)
    logits = {name: values.requires_grad_() for name, values in logits.items()}
    none = run(loss, logits, targets, [single] * 4)
    none.backward()
    assert none == 0 and all(values.grad is not None for values in logits.values())


def world() -> tuple[dict[str, Tensor], dict[str, Tensor], list[MultiTaskDataSample]]:
    """A wall of stripes, seen by both views as it is, 5 pixels apart, and predicted without a fault."""
    logits, targets, samples = batch()
    shift = 5
    stripes = torch.from_numpy(np.random.default_rng(3).integers(0, K, (H, W + shift)))
    normalized_disparity = (shift + DOFFS) / FOCAL
    for place, sample in enumerate(samples):
        label = stripes[:, shift:] if place % 2 else stripes[:, :W]  # the left view's column x is the right one's x - 5
        sample.gt = PixelData(
            semseg=label[None], disparity=torch.full((1, H, W), normalized_disparity), confidence=torch.ones(1, H, W)
        )
        targets['semseg'][place, 0] = label
        logits['semseg'][place] = 12.0 * torch.nn.functional.one_hot(label, K).permute(2, 0, 1)
        logits['depth'][place] = normalized_disparity / BASELINE * UNIT
    return logits, targets, samples


@pytest.mark.parametrize('kind', LOSSES)
@pytest.mark.parametrize('warp_by', ['pseudo', 'own'])
def test_right_predictions_agree_and_shuffled_pseudo_labels_do_not(kind, warp_by):
    logits, targets, samples = world()
    loss = kind(**GIVEN, warp_by=warp_by, confidence='off')
    perfect = run(loss, logits, targets, samples)
    assert perfect < 1e-2
    if warp_by == 'own' and kind is StereoSegmentationConsistency:
        logits['depth'] *= 0.6  # its own depth is what it warps by
    else:
        for sample in samples:
            values = sample.gt.disparity * torch.linspace(0.5, 1.5, W)
            sample.gt.disparity = values[..., torch.randperm(W, generator=torch.manual_seed(0))]
    assert run(loss, logits, targets, samples) > 10 * perfect + 0.01


def test_metres_are_inverted():
    logits, targets, samples = batch()
    depth_of = {**logits, 'depth': UNIT / logits['depth']}
    plain = dict(GIVEN, tasks={**TASKS, 'depth': Depth('depth')})
    for kind in LOSSES:
        torch.testing.assert_close(
            run(kind(**plain), depth_of, targets, samples), run(kind(**GIVEN), logits, targets, samples)
        )
    behind = {**depth_of, 'depth': (depth_of['depth'] * 0 - 1).requires_grad_()}
    loss = run(ConfidentRegression(**plain), behind, targets, samples)
    loss.backward()
    assert loss.isfinite() and behind['depth'].grad.isfinite().all()


def test_invalid_options_are_errors():
    logits, targets, samples = batch()
    with pytest.raises(ConfigError, match="warp_by must be 'pseudo' or 'own', found 'depth'"):
        ConfidentRegression(**GIVEN, warp_by='depth')
    with pytest.raises(ConfigError, match='confidence must be one of soft, hard, raw, off'):
        ConfidentRegression(**GIVEN, confidence='smooth')
    with pytest.raises(ConfigError, match="set confidence='off'"):
        StereoSegmentationConsistency(**GIVEN, warp_by='own')
    with pytest.raises(ConfigError, match=r'ConfidentRegression.depth: the task semseg \(SemSeg\) has no depth in met'):
        ConfidentRegression(**GIVEN, depth='semseg')
    with pytest.raises(ConfigError, match="depth: unknown task 'distance'; the tasks are semseg, depth"):
        ConfidentRegression(**GIVEN, depth='distance')
    with pytest.raises(ConfigError, match="'depth' is not a segmentation task"):
        StereoSegmentationConsistency(**GIVEN, task='depth')
    for name, value in (('lr', -1), ('left', None), ('tau', 'a'), ('beta', float('nan'))):
        with pytest.raises(ConfigError, match=f'StereoDepthConsistency.{name} must be a number >= 0, found'):
            StereoDepthConsistency(**GIVEN, **{name: value})
    del samples[1].gt.confidence
    with pytest.raises(DataError, match=r'1\.png: no pseudo confidence in the sample; put LoadPseudoLabels'):
        run(ConfidentRegression(**GIVEN), logits, targets, samples)
    run(ConfidentRegression(**GIVEN, confidence='off'), logits, targets, samples)


def test_a_batch_without_depth_supervision_is_logged():
    logits, targets, samples = batch()
    for sample in samples:
        sample.set_metainfo({'rectified': False})
    with pytest.warns(UserWarning, match='a batch has no rectified pair, so it does not supervise depth'):
        assert run(ConfidentRegression(**GIVEN), logits, targets, samples) == 0


def test_descending_all_of_them_brings_both_views_together():
    logits, targets, samples = world()
    torch.manual_seed(0)
    free = {
        name: torch.randn_like(values).mul(0.3).add(0.3 if name == 'depth' else 0).requires_grad_()
        for name, values in logits.items()
    }
    losses = [kind(**GIVEN) for kind in LOSSES]
    optimizer = torch.optim.Adam(free.values(), lr=0.05)
    history = []
    for _ in range(150):
        optimizer.zero_grad()
        terms = torch.stack([run(loss, free, targets, samples) for loss in losses])
        terms.sum().backward()
        optimizer.step()
        history.append(terms.detach())
    assert (history[-1] < 0.3 * history[0]).all()
    right = free['semseg'].argmax(1) == targets['semseg'][:, 0]
    assert right[0::2, :, 5:].all() and right[1::2, :, :7].all()  # what both views see; nobody learns the rest
    assert right[0::2, :, :4].float().mean() < 0.8
    assert (free['depth'] - logits['depth']).abs().median() < 0.06
