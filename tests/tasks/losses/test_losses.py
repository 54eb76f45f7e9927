"""Every loss of a task: what all must keep, then each against a loop or a closed formula."""

import inspect
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_reduction import reduce_losses
from mmmtl.registry import LOSSES
from mmmtl.tasks import Confidence, Depth, Disparity, Edge, InverseDepth, Normal, Saliency, SemSeg, Task
from mmmtl.tasks import losses as package
from mmmtl.tasks.losses import BerHu, Dice, Focal, Loss, SILog

IN_SPACE = {
    'positive': lambda: Depth('depth'),
    'directions': lambda: Normal('normal'),
    'classes': lambda: SemSeg('semseg', ('a', 'b')),
    'fractions': lambda: Edge('edge'),
}
EVERY = {
    name: kind
    for name, kind in vars(package).items()
    if inspect.isclass(kind) and issubclass(kind, Loss) and not inspect.isabstract(kind)
}
PAIRS = [(name, space) for name, kind in EVERY.items() for space in IN_SPACE if space in kind.spaces]
every_loss = pytest.mark.parametrize('name, space', PAIRS)


def task_with_loss(name: str, space: str, **options) -> Task:
    """Return a task of the loss space ``space`` with the loss ``name``."""
    task = IN_SPACE[space]()
    task.loss = EVERY[name](**options)
    task.loss.check(task.loss_space, task.channels)
    return task


def example(task: Task, images: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Logits and targets (N, *, 4, 6), a third of them void."""
    generator = torch.Generator().manual_seed(seed)
    shape = images, 1, 4, 6
    logits = torch.randn(images, task.channels, 4, 6, generator=generator)
    target = {
        'positive': lambda: 0.5 + 5 * torch.rand(shape, generator=generator),
        'directions': lambda: F.normalize(torch.randn(images, 3, 4, 6, generator=generator), dim=1),
        'classes': lambda: torch.randint(2, shape, generator=generator),
        'fractions': lambda: torch.rand(shape, generator=generator),
    }[task.loss_space]()
    void = torch.rand(shape, generator=generator) < 1 / 3
    return logits, torch.where(void, torch.tensor(task.void, dtype=task.dtype), target)


@every_loss
def test_an_image_does_not_know_its_neighbours(name, space):
    task = task_with_loss(name, space)
    logits, target = example(task)
    whole = task.error(logits, target)
    assert all(values.dtype == torch.float32 and values.shape == (3,) for values in whole)
    alone = [task.error(logits[i : i + 1], target[i : i + 1]) for i in (2, 0, 1)]
    for both, singles in zip(whole, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(both[[2, 0, 1]], torch.cat(singles))


@every_loss
@pytest.mark.parametrize('nonsense', [1e4, math.nan, math.inf])
def test_void_reaches_neither_the_loss_nor_its_gradient(name, space, nonsense):
    task = task_with_loss(name, space)
    logits, target = example(task)
    target[1] = task.void
    void = ~task.valid(target)[:, None]
    results = []
    for values in (logits, logits.masked_fill(void, nonsense)):
        values = values.clone().requires_grad_()
        total, count = task.error(values, target)
        total.sum().backward()
        assert total[1] == count[1] == 0 and not values.grad.masked_select(void).any()
        assert values.grad.isfinite().all() and values.grad[0].any()
        results.append((total, count, values.grad))
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)


@every_loss
def test_agreement_is_the_least_and_has_a_finite_gradient(name, space):
    task = task_with_loss(name, space)
    logits, target = example(task)
    best = task.to_logits(task.to_values(target)).requires_grad_()
    total = task.error(best, target)[0]
    total.sum().backward()
    assert best.grad.isfinite().all()
    if space != 'fractions':  # whose cross-entropy is that of the fraction itself
        assert total.abs().max() < 1e-3
    assert (total < task.error(logits, target)[0]).all()


@every_loss
def test_it_can_be_descended(name, space):
    task = task_with_loss(name, space)
    logits, target = example(task)
    logits.requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.1)
    least = task.error(task.to_logits(task.to_values(target)), target)[0].sum().item()
    first = task.error(logits, target)[0].sum().item()
    for step in range(300):
        optimizer.param_groups[0]['lr'] = 0.1 * (1 - step / 300)
        optimizer.zero_grad()
        total = task.error(logits, target)[0].sum()
        total.backward()
        optimizer.step()
    assert total.item() - least < 0.1 * (first - least)


@every_loss
@pytest.mark.parametrize('how', ['batch', 'labelled', 'pixels'])
def test_reductions_of_two_halves_make_that_of_the_whole(name, space, how):
    """What two processes bring, added up, is what one brings."""
    task = task_with_loss(name, space)
    logits, target = example(task, images=4)
    target[3] = task.void
    (whole,), _ = reduce_losses(*zip(task.error(logits, target), strict=True), how)
    halves = [task.error(logits[part], target[part]) for part in (slice(2), slice(2, 4))]
    sums, counts = (torch.cat(values) for values in zip(*halves, strict=True))
    (joined,), _ = reduce_losses([sums], [counts], how)
    torch.testing.assert_close(joined, whole)


def values_of(task: Task, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The valid pixels of the first image, float64."""
    valid = task.valid(target)[0]
    return logits[0, 0][valid].double(), target[0, 0][valid].double()


def test_silog_is_that_of_eigen():
    for options, formula in (
        (dict(variance_focus=0.5, root=False), lambda d: d.square().mean() - 0.5 * d.mean().square()),
        (dict(), lambda d: (d.square().mean() - 0.85 * d.mean().square()).sqrt()),
    ):
        task = task_with_loss('SILog', 'positive', **options)
        logits, target = example(task)
        logits = logits.exp() + 0.5
        p, g = values_of(task, logits, target)
        total, count = task.error(logits, target)
        assert (total / count)[0].item() == pytest.approx(formula(p.log() - g.log()).item(), rel=1e-4)


def test_silog_ignores_the_scale_where_it_should():
    depth, inverse = task_with_loss('SILog', 'positive', variance_focus=1.0), InverseDepth('depth', unit=2.0)
    logits, target = example(depth)
    logits = logits.exp() + 0.5
    torch.testing.assert_close(depth.error(7 * logits, target), depth.error(logits, target), rtol=1e-4, atol=1e-5)
    inverse.loss = depth.loss
    torch.testing.assert_close(inverse.error(2.0 / logits, target), depth.error(logits, target), rtol=1e-4, atol=1e-5)


def test_silog_leads_back_from_negative_depths():
    task = task_with_loss('SILog', 'positive')
    target = torch.full((1, 1, 2, 2), 3.0)
    logits = torch.tensor([[[[-0.5, 0.0], [0.01, 0.1]]]], requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        task.error(logits, target)[0].sum().backward()
        assert logits.grad.isfinite().all() and logits.grad.all()
        optimizer.step()
    assert ((logits - 3).abs() < 0.3).all()


def test_berhu_equals_a_loop():
    task = task_with_loss('BerHu', 'positive')
    logits, target = example(task)
    p, g = values_of(task, logits, target)
    x = (p - g).abs()
    c = 0.2 * x.max()
    expected = sum(v if v <= c else (v * v + c * c) / (2 * c) for v in x)
    assert task.error(logits, target)[0][0].item() == pytest.approx(expected.item(), rel=1e-5)


def test_class_weights_smoothing_and_focus_are_those_of_pytorch():
    torch.manual_seed(0)
    logits, target = torch.randn(2, 3, 4, 6), torch.randint(3, (2, 1, 4, 6))
    weight = (0.5, 2.0, 1.0)

    def error(**loss: object) -> Tensor:
        return SemSeg('semseg', 'abc', loss=loss).error(logits, target)[0]

    plain = F.cross_entropy(logits, target[:, 0], reduction='none')
    weighted = F.cross_entropy(logits, target[:, 0], torch.tensor(weight), reduction='none', label_smoothing=0.1)
    torch.testing.assert_close(
        error(type='CrossEntropy', class_weight=weight, label_smoothing=0.1), weighted.sum((1, 2))
    )
    torch.testing.assert_close(error(type='Focal', gamma=0.0), plain.sum((1, 2)))
    focal = torch.tensor(weight)[target[:, 0]] * (1 - (-plain).exp()).square() * plain
    torch.testing.assert_close(error(type='Focal', gamma=2.0, class_weight=weight), focal.sum((1, 2)))


def test_dice_equals_a_loop():
    torch.manual_seed(0)
    logits, target = torch.randn(1, 3, 4, 6), torch.randint(2, (1, 1, 4, 6))  # the third class is not there
    target[..., 0] = 255
    valid = target[0, 0] != 255
    p = logits.softmax(1)[0][:, valid].double()
    expected = 0.0
    for index in range(3):
        g = (target[0, 0][valid] == index).double()
        expected += 1 - (2 * (p[index] * g).sum() + 1) / (p[index].square().sum() + g.sum() + 1)
    total, count = SemSeg('semseg', 'abc', loss=dict(type='Dice')).error(logits, target)
    assert (total / count).item() == pytest.approx(expected.item() / 3, rel=1e-5)


def test_the_angle_is_that_of_the_arc_cosine():
    task = task_with_loss('Angular', 'directions')
    logits, target = example(task)
    valid = task.valid(target)
    angle = (F.normalize(logits, dim=1) * target).sum(1).clamp(-1, 1).acos()
    torch.testing.assert_close(
        task.error(logits, target)[0], torch.where(valid, angle, 0).sum((1, 2)), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize(
    'kind, options, loss, message',
    [
        (
            Depth,
            {},
            dict(type='CrossEntropy'),
            r'tasks.x.loss: CrossEntropy takes classes, not positive; use one of '
            'BerHu,.* L1, L2, SILog',
        ),
        (
            Normal,
            {},
            dict(type='SILog'),
            'SILog takes positive, not directions; use one of Angular, Cosine, L1, L2',
        ),
        (Edge, {}, dict(type='Dice'), 'Dice takes classes, not fractions'),
        (SemSeg, dict(classes='abc'), dict(type='BalancedCrossEntropy'), 'is for 2 classes, found 3'),
        (
            SemSeg,
            dict(classes='abc'),
            dict(type='CrossEntropy', class_weight=(1, 2)),
            'must be 3 numbers, one per class',
        ),
        (SemSeg, dict(classes='abc'), dict(type='CrossEntropy', class_weight=(1, 2, -1)), 'class_weight must be >= 0'),
        (SemSeg, dict(classes='abc'), dict(label_smoothing=1.0), r'label_smoothing must lie in \[0, 1\), found 1.0'),
        (Depth, {}, dict(type='SILog', variance_focus=2), r'variance_focus must lie in \[0, 1\], found 2'),
        (Depth, {}, dict(type='BerHu', fraction=0), r'fraction must lie in \(0, 1\], found 0'),
        (Depth, {}, dict(type='SILogg'), 'SILogg is not in the mmmtl::loss of a task registry'),
        (Depth, {}, dict(ratio=0.5), r'L1\(\) takes no arguments'),
        (Edge, {}, dict(ratio=0.5), "unexpected keyword argument 'ratio'"),
        (Confidence, {}, 'BCE', "expected dict\\(type='...'\\), found 'BCE'"),
    ],
)
def test_what_does_not_fit_is_one_line(kind, options, loss, message):
    with pytest.raises(ConfigError, match=message) as error:
        kind('x', **options, loss=loss)
    assert '\n' not in str(error.value) and str(error.value).startswith('tasks.x.loss: ')


def test_options_alone_are_those_of_the_default():
    assert Edge('edge', loss=dict(positive_weight=None)).loss.positive_weight is None
    assert isinstance(Disparity('disparity', loss=SILog()).loss, SILog)
    assert isinstance(Saliency('saliency', loss=dict(type=Focal)).loss, Focal)


def test_every_loss_is_registered_by_its_name():
    assert {name: LOSSES.get(name) for name in EVERY} == EVERY
    assert {BerHu, Dice} <= set(EVERY.values())
