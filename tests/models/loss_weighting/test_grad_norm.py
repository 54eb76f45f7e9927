"""GradNorm against a step written out with torch's own Adam and autograd."""

import pytest
import torch
from every_weighting import build
from torch.optim import SGD, Adam

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting import GradNorm
from mmmtl.testing.weighting_trial import ToyNetwork, toy_batch, toy_step


@pytest.mark.parametrize('alpha', [0.0, 1.5])
def test_by_the_algorithm(alpha):
    toy = ToyNetwork(GradNorm('abc', alpha=alpha))
    optimizer = SGD(toy.parameters(), lr=0.05)
    w = torch.ones(3, requires_grad=True)
    adam, first = Adam([w], lr=0.025), None
    for seed in range(6):
        losses = torch.stack(toy.task_losses(*toy_batch(seed))[0])
        first = losses.detach() if first is None else first
        sizes = []
        for weight, loss in zip(w, losses, strict=True):
            parts = torch.autograd.grad(weight * loss, list(toy.backbone.parameters()), create_graph=True)
            sizes.append(torch.cat([part.flatten() for part in parts]).norm())
        pace = losses.detach() / first
        target = torch.stack(sizes).mean() * (pace / pace.mean()) ** alpha
        expected = w.detach().clone()
        adam.zero_grad()
        (w.grad,) = torch.autograd.grad((torch.stack(sizes) - target.detach()).abs().sum(), w)
        adam.step()
        w.data *= 3 / w.data.sum()
        total, weights, _ = toy_step(toy, *toy_batch(seed))
        torch.testing.assert_close(weights, expected, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(total, (expected * losses).sum().detach())
        optimizer.step()
    assert (weights - 1).abs().max() > 0.02  # it has moved


def test_equal_pace_makes_equal_gradients():
    toy = ToyNetwork(GradNorm('abc', alpha=0.0, lr=0.02))
    for _ in range(300):
        weights = toy_step(toy, *toy_batch())[1]
    losses, _ = toy.task_losses(*toy_batch())
    norms = toy.loss_weighting.gradients(losses, list(toy.backbone.parameters())).rows.norm(dim=1)
    sizes = weights * norms
    assert norms.max() > 2 * norms.min()
    assert sizes.max() < 1.1 * sizes.min()


def test_a_task_that_is_absent_keeps_its_weight():
    toy = ToyNetwork(build('gradnorm'))
    for seed in range(3):
        toy_step(toy, *toy_batch(seed))
    before = toy.loss_weighting.weights.clone()
    _, weights, _ = toy_step(toy, *toy_batch(hidden='b'))
    after = toy.loss_weighting.weights
    assert after[1] == before[1] and (after[[0, 2]] != before[[0, 2]]).all()
    assert after.sum().item() == pytest.approx(3)
    assert weights[1] == 0 and weights.sum().item() == pytest.approx(2)


def test_alpha():
    with pytest.raises(ConfigError, match='at least 0, found -1'):
        GradNorm('abc', alpha=-1)
