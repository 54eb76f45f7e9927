"""Region contrast: against the equations pair by pair, and what it must do when regions or labels are missing."""

import math

import pytest
import torch
from mmengine.structures import PixelData
from region_contrast_equations import SIZE, TASKS, by_the_equations, inputs, loss_of, make_loss, quarters, sample

from mmmtl.errors import ConfigError, DataError
from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import SegNet
from mmmtl.models.consistency_losses import RegionContrast
from mmmtl.models.consistency_losses.task_pairs import TaskPair
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.structures import MultiTaskDataSample


def test_equal_to_the_equations():
    samples = [sample('depth'), sample('semseg', 'normal'), sample('semseg', 'depth', 'normal'), sample()]
    pairs = [
        TaskPair(0, 'semseg', 'depth'),
        TaskPair(0, 'normal', 'depth'),
        TaskPair(1, 'depth', 'semseg'),
        TaskPair(1, 'depth', 'normal'),
    ]
    contrast = make_loss()
    assert contrast.pairs(samples) == pairs
    assert loss_of(contrast, samples).item() == pytest.approx(by_the_equations(contrast, samples, pairs), rel=1e-4)


def test_equal_to_the_equations_with_every_label():
    samples = [sample('semseg', 'depth', 'normal')]
    contrast = make_loss(from_tasks='all')
    pairs = contrast.pairs(samples)
    assert len(pairs) == 6
    assert loss_of(contrast, samples).item() == pytest.approx(by_the_equations(contrast, samples, pairs), rel=1e-4)


def test_a_region_in_one_task_only():
    """Its label is unknown: it is a negative to the others and no anchor."""
    samples = [sample('depth')]
    depth = samples[0].gt.depth
    depth[:, :30, :30] = 0
    samples[0].gt.set_data(dict(depth=depth))
    contrast = make_loss()
    _, targets = inputs(samples)
    slots = contrast.slots([TaskPair(0, 'semseg', 'depth')], contrast.tasks, targets, samples, (32, 40))
    losses, _ = contrast.contrast(torch.zeros(1, 2, 8, 32, 40), slots)
    assert losses.item() == pytest.approx(math.log(1 + 3 + 2))  # all are alike: 3 negatives in one task, 2 in the other
    expected = by_the_equations(contrast, samples, contrast.pairs(samples))
    assert loss_of(contrast, samples).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize('compare', ['wasserstein', 'kl', 'vector', 'pixel'])
@pytest.mark.parametrize('case', ['no region', 'one region', 'tiny regions', 'no label', 'label of nothing'])
def test_nothing_to_compare(compare, case):
    one = sample('depth')
    if case == 'no region':
        one.regions = torch.full((1, *SIZE), -1, dtype=torch.int32)
    if case == 'one region':
        one.regions = torch.zeros(1, *SIZE, dtype=torch.int32)
    if case == 'tiny regions':
        one.regions = torch.full((1, *SIZE), -1, dtype=torch.int32)
        one.regions[:, :4, :4], one.regions[:, 8:12, 8:12] = 1, 2  # 4 pixels each at half the size
    if case == 'no label':
        one.gt = PixelData()
    if case == 'label of nothing':
        one.gt = PixelData(depth=torch.zeros(1, *SIZE))
    contrast = make_loss(compare=compare)
    logits, _ = inputs([one])
    loss = loss_of(contrast, [one], logits)
    assert loss.item() == 0 and loss.shape == ()
    loss.backward()
    assert all(values.grad is not None and not values.grad.any() for values in logits.values())
    assert all(parameter.grad is not None and not parameter.grad.any() for parameter in contrast.parameters())


def test_a_region_of_one_pixel_over_the_minimum():
    one = sample('depth', regions=torch.full((1, *SIZE), -1, dtype=torch.int32))
    one.regions[:, 8:30, 8:10], one.regions[:, 40:62, 60:62] = 5, 6  # 11 pixels each at half the size: rank 10 at most
    contrast = make_loss(space=dict(widths=(6, 6, 16, 16)))
    logits, _ = inputs([one])
    loss = loss_of(contrast, [one], logits)
    loss.backward()
    assert loss.item() > 0
    assert all(parameter.grad.isfinite().all() for parameter in contrast.parameters())
    assert logits['semseg'].grad.isfinite().all() and logits['semseg'].grad.any()


@pytest.mark.parametrize('compare', ['wasserstein', 'kl', 'vector', 'pixel'])
def test_the_gradient_reaches_what_it_should(compare):
    samples = [
        sample('depth'),
        sample('semseg', 'normal', supervision_role='supervised'),
        sample('semseg', 'depth'),
        sample('semseg', 'depth', 'normal'),
    ]
    contrast = make_loss(compare=compare)
    logits, _ = inputs(samples)
    loss = loss_of(contrast, samples, logits)
    loss.backward()
    assert loss.item() > 0 and loss.dtype == torch.float32
    reached = {name: [bool(one.any()) for one in values.grad] for name, values in logits.items()}
    assert reached == dict(semseg=[True, False, False, False], depth=[False] * 4, normal=[True, False, True, False])
    assert all(p.grad.any() for name, p in contrast.named_parameters() if name.endswith('conv.weight'))


@pytest.mark.parametrize('compare', ['wasserstein', 'kl', 'vector', 'pixel'])
def test_predictions_learn_to_agree(compare):
    """Descending it makes the prediction's regions like the label's own; shuffled regions cost more."""
    samples = [sample('depth')]
    contrast = make_loss(compare=compare, temperature=0.5)
    logits, targets = inputs(samples)
    optimiser = torch.optim.Adam([*logits.values(), *contrast.parameters()], 0.05)
    first = None
    for _ in range(25):
        loss = contrast(logits, targets, (), samples)
        first = first or loss.item()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.7 * first
    mixed = samples[0].regions.flatten()[torch.randperm(SIZE[0] * SIZE[1])].view(1, *SIZE)
    assert contrast(logits, targets, (), [sample('depth', regions=mixed)]).item() > 1.5 * loss.item()


def test_renumbered_regions_are_the_same():
    contrast = make_loss()
    other = quarters()
    other[other >= 0] = 1000 - other[other >= 0]
    assert loss_of(contrast, [sample('depth', regions=other)]).item() == pytest.approx(
        loss_of(contrast, [sample('depth')]).item(), rel=1e-5
    )


def test_only_the_largest_regions():
    contrast = make_loss(regions=dict(max_regions=2))
    kept = quarters()
    kept[(kept != 8) & (kept != 700)] = -1
    assert loss_of(contrast, [sample('depth')]) == loss_of(contrast, [sample('depth', regions=kept)])


def test_patches_need_no_regions():
    one = MultiTaskDataSample(metainfo=dict(img_shape=SIZE, img_path='a.png'))
    one.gt = sample('depth').gt
    contrast = make_loss(regions=dict(patches=(2, 4)))
    assert loss_of(contrast, [one]).item() > 0
    rows, columns = torch.arange(64)[:, None] // 32, torch.arange(80) // 20
    same = sample('depth', regions=(rows * 4 + columns)[None].int())
    assert loss_of(contrast, [one]) == loss_of(make_loss(), [same])
    with pytest.raises(DataError, match='a.png: has no regions'):
        loss_of(make_loss(), [one])


def test_the_bank():
    contrast = make_loss(bank=8).train()
    alone = loss_of(make_loss(), [sample('depth')]).item()
    assert loss_of(contrast, [sample('depth')]).item() == pytest.approx(alone, rel=1e-5)  # it is empty yet
    assert contrast.bank.filled.tolist() == [True, True] + [False] * 6
    loss = loss_of(contrast, [sample('depth')])
    assert loss.item() > alone  # more negatives
    loss.backward()  # the bank has changed since, its old content has not
    for _ in range(5):
        loss_of(contrast, [sample('depth')])
    assert contrast.bank.filled.all() and contrast.bank.place.item() == 6  # 7 times 2 of 8
    before = contrast.bank.means.clone()
    loss_of(contrast.eval(), [sample('depth')])
    assert torch.equal(contrast.bank.means, before)
    assert not loss_of(contrast, [sample()]).any()


@pytest.mark.parametrize('compare', ['kl', 'vector'])
def test_the_bank_of_others(compare):
    contrast = make_loss(bank=8, compare=compare)
    first = loss_of(contrast, [sample('depth')]).item()
    assert loss_of(contrast, [sample('depth')]).item() > first


def test_mixed_precision_compares_in_single_precision():
    contrast = make_loss()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = loss_of(contrast, [sample('depth')])
        loss.backward()
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(loss_of(contrast, [sample('depth')]).item(), rel=0.1)
    assert all(parameter.grad.isfinite().all() for parameter in contrast.parameters())


@pytest.mark.parametrize(
    'wrong',
    [
        dict(compare='cosine'),
        dict(temperature=0.0),
        dict(bank=-1),
        dict(regions=dict(patches=(0, 4))),
        dict(regions=dict(max_regions=0)),
        dict(compare='pixel', bank=4),
    ],
)
def test_wrong_arguments(wrong):
    with pytest.raises(ConfigError, match='RegionContrast'):
        make_loss(**wrong)


def test_one_step_is_another_than_with_supervision_alone():
    """Released code, whose term has no gradient, would end with the same weights."""

    def after_one_step(weight: float) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        model = MultiTaskModel(
            TASKS,
            dict(type=SegNet, widths=(4, 8)),
            dict(type=PerTaskHead, head=dict(type=ConvHead, channels=8)),
            consistency_losses=dict(regions=dict(type=RegionContrast, weight=weight)),
        )
        one = sample('depth')
        losses = model(torch.randn(1, 3, *SIZE), [one], mode='loss')
        assert losses['regions'] > 0
        losses['loss'].backward()
        with torch.no_grad():
            return {name: p - 0.1 * p.grad for name, p in model.named_parameters() if p.grad is not None}

    supervised, ours = after_one_step(0.0), after_one_step(0.15)
    moved = {name for name in ours if not torch.equal(ours[name], supervised[name])}
    assert {name for name in moved if name.startswith('backbone')}
    assert {name for name in moved if 'heads.semseg' in name} and {name for name in moved if 'heads.normal' in name}
    assert not {name for name in moved if 'heads.depth' in name}  # its label is shown: it is no source
