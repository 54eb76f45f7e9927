"""Weightings by losses against their formulas in numpy and against torchjd, of which none of the code is used."""

import numpy as np
import pytest
import torch
from every_weighting import BY_LOSS, build, torchjd
from mmengine.logging import MessageHub
from torch import Tensor
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting import FAMO, DynamicWeightAverage, SmoothChebyshevWeighting, UncertaintyWeighting
from mmmtl.testing.weighting_trial import ToyNetwork

HERE = torch.ones(3, dtype=torch.bool)
LOSSES = torch.tensor([[2.0, 0.3, 5.0], [1.5, 0.31, 4.0], [1.2, 0.25, 4.1], [1.3, 0.2, 2.0], [1.0, 0.22, 1.9]])


def weigh(weighting, losses: Tensor, present: Tensor = HERE) -> tuple[Tensor, Tensor, Tensor]:
    """Total, weights, and the gradient on the losses."""
    losses = losses.clone().requires_grad_()
    total, weights = weighting(losses, present)
    (gradient,) = torch.autograd.grad(total, losses, retain_graph=total.grad_fn is not None)
    return total, weights, gradient


@pytest.mark.parametrize('name', BY_LOSS)
def test_weights_are_the_gradient_on_the_losses(name):
    weighting = build(name)
    for losses in LOSSES:
        _, weights, gradient = weigh(weighting, losses)
        torch.testing.assert_close(gradient, weights)


def test_uncertainty():
    weighting = UncertaintyWeighting('abc', factors=dict(b=1.0))
    weighting.log_variances.data = torch.tensor([0.0, 1.0, -2.0])
    total, weights, _ = weigh(weighting, LOSSES[0])
    expected = 0.5 * np.exp(-0.0) * 2 + 1.0 * np.exp(-1.0) * 0.3 + 0.5 * np.exp(2.0) * 5 + 0.5 * (0 + 1 - 2)
    assert total.item() == pytest.approx(expected)
    total.backward()
    slope = -np.array([0.5 * 2, np.exp(-1.0) * 0.3, 0.5 * np.exp(2.0) * 5]) + 0.5
    np.testing.assert_allclose(weighting.log_variances.grad, slope, rtol=1e-6)
    with pytest.raises(ConfigError, match='factors names d, but the tasks are a, b, c'):
        UncertaintyWeighting('abc', factors=dict(d=1))


def test_the_best_variance_is_twice_the_loss_times_the_factor():
    """d/ds (L/2 e^-s + s/2) = 0 at s = log L."""
    weighting = UncertaintyWeighting('abc')
    weighting.log_variances.data = LOSSES[0].log()
    weighting(LOSSES[0], HERE)[0].backward()
    torch.testing.assert_close(weighting.log_variances.grad, torch.zeros(3), atol=1e-6, rtol=0)


@torchjd
@pytest.mark.parametrize(
    ('name', 'theirs', 'options'),
    [
        ('uncertainty', 'UW', dict(shape=3)),
        ('imtl-l', 'IMTLL', dict(shape=3)),
        ('geometric-mean', 'GeometricMean', {}),
        ('stch', 'STCH', dict(mu=1.0)),
    ],
)
def test_as_in_torchjd(name, theirs, options):
    from torchjd import scalarization

    ours, theirs = build(name), getattr(scalarization, theirs)(**options)
    torch.manual_seed(0)
    for parameter, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        parameter.data = other.data = torch.randn(3)
    for row in LOSSES:
        total, weights, _ = weigh(ours, row)
        losses = row.clone().requires_grad_()
        expected = theirs(losses)
        (gradient,) = torch.autograd.grad(expected, losses)
        torch.testing.assert_close(total, expected)
        torch.testing.assert_close(weights, gradient)


@torchjd
def test_famo_as_in_torchjd():
    from torchjd.scalarization import FAMO as Theirs

    ours, theirs = FAMO('abc'), Theirs(3)
    for number, row in enumerate(LOSSES):
        if number:
            theirs.update(row)  # with what the step made of the losses
        losses = row.clone().requires_grad_()
        (expected,) = torch.autograd.grad(theirs(losses), losses)
        torch.testing.assert_close(weigh(ours, row)[1], expected, rtol=1e-5, atol=1e-7)
    assert ours.logits.abs().max() > 0.05


@pytest.mark.parametrize('name', ['imtl-l', 'geometric-mean', 'famo'])
def test_the_unit_of_a_loss_does_not_matter(name):
    """What is descended stays in proportion: the weight of a task times its loss."""
    units = torch.tensor([1.0, 100.0, 0.01])
    fractions = []
    for scale in (torch.ones(3), units):
        weighting = build(name)
        if name == 'imtl-l':
            weighting.log_scales.data = -(LOSSES[0] * scale).log()  # where it rests
        for row in LOSSES if name == 'famo' else LOSSES[:1]:
            weights = weigh(weighting, row * scale)[1]
        fraction = weights * row * scale
        fractions.append(fraction / fraction.sum())
    torch.testing.assert_close(*fractions, rtol=1e-4, atol=1e-6)


def test_stch_nears_the_largest_loss():
    weighting = SmoothChebyshevWeighting('abc', mu=1e-3, preferences=dict(a=4), ideals=dict(c=1))
    total, weights, _ = weigh(weighting, LOSSES[0])  # 4/6 * 2, 1/6 * 0.3, 1/6 * (5 - 1)
    assert total.item() == pytest.approx(8 / 6, rel=1e-3)
    torch.testing.assert_close(weights, torch.tensor([4 / 6, 0, 0]))


@pytest.mark.parametrize('options', [dict(mu=0), dict(preferences=dict(a=0)), dict(ideals=dict(d=1))])
def test_invalid_stch_options_are_errors(options):
    with pytest.raises(ConfigError):
        SmoothChebyshevWeighting('abc', **options)


def test_random_weights_have_the_seed_of_the_run():
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(weigh(build('random'), LOSSES[0])[1])
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])
    assert drawn[0].sum().item() == pytest.approx(3) and (drawn[0] > 0).all()


def dwa_by_numpy(epochs: list[np.ndarray], temperature: float) -> np.ndarray:
    """Liu et al., eq. 7, from the mean losses of all epochs so far."""
    if len(epochs) < 2:
        return np.ones(3)
    rates = np.exp(epochs[-1] / epochs[-2] / temperature)
    return 3 * rates / rates.sum()


@pytest.mark.parametrize('by', ['period', 'epoch'])
def test_dwa(by):
    hub = MessageHub.get_instance(f'dwa {by}')
    hub.update_info('max_epochs', 4)
    weighting = DynamicWeightAverage('abc', temperature=1.5, period=3 if by == 'period' else None)
    losses = torch.rand(12, 3, generator=torch.Generator().manual_seed(0)) + 0.1
    means: list[np.ndarray] = []
    for step, row in enumerate(losses):
        if step and step % 3 == 0:
            means.append(losses[step - 3 : step].double().numpy().mean(0))
        hub.update_info('epoch', step // 3)
        total, weights, _ = weigh(weighting, row)
        expected = dwa_by_numpy(means, 1.5)
        np.testing.assert_allclose(weights, expected, rtol=1e-6)
        assert total.item() == pytest.approx((expected * row.numpy()).sum(), rel=1e-6)


def test_dwa_averages_where_a_task_is_present():
    weighting = DynamicWeightAverage('abc', period=2)
    for step, row in enumerate(LOSSES[:4]):
        weigh(weighting, row, torch.tensor([True, step != 1, step < 2]))
    weights = weigh(weighting, LOSSES[4])[1]
    rates = np.exp(np.array([(1.2 + 1.3) / (2 + 1.5), (0.25 + 0.2) / 2 / 0.3, 1]) / 2)
    np.testing.assert_allclose(weights, 3 * rates / rates.sum(), rtol=1e-6)


def test_dwa_that_could_never_move():
    MessageHub.get_instance('two epochs').update_info('max_epochs', 2)
    with pytest.raises(ConfigError, match='fewer than three: set loss_weighting.period'):
        DynamicWeightAverage('abc')(LOSSES[0].clone().requires_grad_(), HERE)
    for options in (dict(temperature=0), dict(period=0)):
        with pytest.raises(ConfigError, match='must be above 0'):
            DynamicWeightAverage('abc', **options)


@pytest.mark.parametrize('name', [*BY_LOSS, 'gradnorm'])
def test_no_value_is_moved_to_the_host(name):
    """Tensors without values stand for those of a device: what would wait for one raises."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        toy = ToyNetwork(build(name))
        for _ in range(2):
            losses = [toy.backbone(torch.randn(4, 5)).square().mean() for _ in range(3)]
            total, weights = toy.loss_weighting(
                torch.stack(losses), torch.ones(3, dtype=torch.bool), dict(toy.named_parameters())
            )
            total.backward()
        with pytest.raises(DataDependentOutputException):
            weights[0].item()


@pytest.mark.gpu
@pytest.mark.parametrize('name', BY_LOSS)
def test_nothing_waits_for_the_device(name):
    weighting, losses, present = build(name).cuda(), LOSSES[0].cuda().requires_grad_(), HERE.cuda()
    weighting(losses, present)[0].backward()
    torch.cuda.set_sync_debug_mode('error')
    try:
        weighting(losses, present)[0].backward()
    finally:
        torch.cuda.set_sync_debug_mode('default')
