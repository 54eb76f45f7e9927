"""Cross-task consistency equals the published values and a plain loop over images and pairs; its options."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from golden_fill import published_weights
from mmengine.structures import PixelData
from partial_batches import CHANNELS, EXACT, SHOWN, make_batch, pick

from mmmtl.errors import ConfigError
from mmmtl.model_converters import mtpsl_mapping
from mmmtl.models.consistency_losses import CrossTaskConsistency, ResidualJointTaskSpace
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Normal, SemSeg

TESTS = Path(__file__).parents[2]


def make_loss(**options) -> CrossTaskConsistency:
    torch.manual_seed(0)
    loss = CrossTaskConsistency(EXACT, (4, CHANNELS), (1, 4), **{'space': dict(widths=(6, CHANNELS)), **options})
    for name, parameter in loss.named_parameters():
        if 'film' in name:
            torch.nn.init.normal_(parameter, 0.3, 0.5)
    return loss


def loss_by_loop(loss: CrossTaskConsistency, batch, regularizer: float, from_tasks: str, mean: bool) -> torch.Tensor:
    """Return the loss, computed in a loop over images and pairs with two calls of the network for each pair."""
    logits, targets, features, samples = batch
    total = 0.0
    for number, sample in enumerate(samples):
        image = slice(number, number + 1)
        from_names = [s for s in EXACT if from_tasks == 'all' or s not in sample.gt]
        pairs = [(s, t) for s in from_names for t in EXACT if t in sample.gt and s != t]
        for s, t in pairs:
            pair = torch.tensor([loss.space.pair_index(s, t)])
            a = loss.space({s: EXACT[s].encoding.encode(logits[s][image])}, {s: pair})[s]
            b = loss.space({t: EXACT[t].encoding.encode_target(targets[t][image])}, {t: pair})[t]
            f = features[-1][image].detach()
            pair_loss = distance(a, b) + regularizer * (distance(a, f) + distance(b, f))
            total = total + pair_loss / (len({s for s, _ in pairs}) if mean else 1)
    return total / len(samples)


def distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (1 - F.cosine_similarity(a, b, dim=1)).mean()


@pytest.mark.parametrize('regularizer', [0.0, 0.5])
@pytest.mark.parametrize('from_tasks', ['unlabelled', 'all'])
@pytest.mark.parametrize('pairs', ['sum', 'mean'])
def test_the_loss_and_its_gradients_equal_a_loop_over_images_and_pairs(regularizer, from_tasks, pairs):
    loss, batch = make_loss(regularizer=regularizer, from_tasks=from_tasks, pairs=pairs), make_batch()
    leaves = list(batch[0].values())
    value = loss(*batch)
    gradients = torch.autograd.grad(value, [*leaves, *loss.parameters()])
    expected = loss_by_loop(loss, batch, regularizer, from_tasks, pairs == 'mean')
    torch.testing.assert_close(value, expected)
    for a, b in zip(gradients, torch.autograd.grad(expected, [*leaves, *loss.parameters()]), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)


def test_every_combination_of_options_gives_a_different_loss():
    batch = make_batch()
    values = {
        make_loss(from_tasks=from_tasks, pairs=pairs)(*batch).item()
        for from_tasks in ('unlabelled', 'all')
        for pairs in ('sum', 'mean')
    }
    assert len(values) == 4


def test_the_network_is_called_once():
    loss, calls = make_loss(), []
    loss.space.register_forward_hook(lambda *_: calls.append('space'))
    for stage in loss.space.stages:
        stage.register_forward_hook(lambda *_: calls.append('stage'))
    for layer in loss.space.inputs.values():
        layer.register_forward_hook(lambda *_: calls.append('input'))
    loss(*make_batch())
    assert sorted(calls) == ['input'] * 3 + ['space'] + ['stage'] * 2


def test_a_batch_is_the_mean_of_its_images():
    loss, batch = make_loss(), make_batch()
    alone = [loss(*pick(batch, [number])) for number in range(len(SHOWN))]
    torch.testing.assert_close(loss(*batch), torch.stack(alone).mean())


def test_the_residual_mapping_accepts_a_feature_of_another_size():
    loss = make_loss(space=dict(type=ResidualJointTaskSpace, widths=(6, CHANNELS)))
    value = loss(*make_batch())
    value.backward()
    assert value > 0 and all(p.grad.isfinite().all() for p in loss.parameters())


def test_full_labels_have_a_loss_only_with_from_tasks_all():
    batch = make_batch([tuple(EXACT)] * 2)
    assert make_loss()(*batch) == 0
    assert make_loss(from_tasks='all')(*batch) > 0


def test_without_a_regularizer_the_feature_is_not_used():
    logits, targets, features, samples = make_batch()
    loss = make_loss(regularizer=0, space=dict(widths=(6, 7)))
    assert loss(logits, targets, (features[0] * torch.nan,), samples).isfinite()


@pytest.mark.parametrize(
    ('options', 'word'),
    [
        (dict(pairs='max'), 'pairs'),
        (dict(from_tasks='some'), 'from_tasks'),
        (dict(regularizer=-1), 'regularizer'),
        (dict(space=dict(widths=(6, 7))), '7 channels'),
        (dict(weight=-1), 'weight'),
    ],
)
def test_invalid_options_are_errors(options, word):
    with pytest.raises(ConfigError, match=word):
        make_loss(**options)


@pytest.fixture(scope='module')
def golden() -> dict[str, np.ndarray]:
    with np.load(TESTS / 'golden' / 'mtpsl_mapping_shared.npz') as arrays:
        return dict(arrays)


@pytest.fixture(scope='module')
def published_space() -> dict[str, torch.Tensor]:
    converter = mtpsl_mapping
    return converter.convert(published_weights('mapfns_keys.json'))


class UnitNormal(Normal):
    """Normal without normalization: the predictions of the golden file are unit vectors already."""

    def activate(self, logits: torch.Tensor) -> torch.Tensor:
        return logits


@pytest.mark.parametrize('mask', ['100', '101', '110'])
@pytest.mark.parametrize('regularizer', [0.5, 0.0])
def test_the_published_loss_and_gradients(golden, published_space, mask, regularizer):
    tasks = {
        'semseg': SemSeg('semseg', [str(number) for number in range(13)]),
        'depth': Depth('depth'),
        'normal': UnitNormal('normal'),
    }
    loss = CrossTaskConsistency(tasks, (64, 512), (1, 32), regularizer=regularizer)
    loss.space.load_state_dict(published_space)
    logits = {
        name: torch.from_numpy(golden[f'pred_{key}']).requires_grad_()
        for name, key in (('semseg', 'semantic'), ('depth', 'depth'), ('normal', 'normal'))
    }
    semseg = torch.from_numpy(golden['gt_semantic'])[:, None]
    targets = {
        'semseg': torch.where(semseg < 0, 255, semseg),
        'depth': torch.from_numpy(golden['gt_depth']),
        'normal': torch.from_numpy(golden['gt_normal']),
    }
    shown = [name for name, letter in zip(tasks, mask, strict=True) if letter == '1']
    sample = MultiTaskDataSample(gt=PixelData(**{name: targets[name][0] for name in shown}))
    value = loss(logits, targets, (torch.from_numpy(golden['feature']),), [sample])
    assert value.item() == pytest.approx(golden[f'loss_{mask}_{"reg" if regularizer else "noreg"}'].item(), rel=1e-5)
    if not regularizer:
        return
    value.backward()
    for name in set(tasks) - set(shown):
        expected = golden[f'grad_{mask}_reg_{name}']
        np.testing.assert_allclose(logits[name].grad, expected, atol=2e-4 * expected.std())
