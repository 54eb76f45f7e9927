"""Gradients per task: those of plain backward passes, unscaled, by the names of parameters."""

import pytest
import torch
from every_weighting import build
from torch import nn
from two_processes import run_in_two, work

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting import TaskGradients
from mmmtl.testing.weighting_trial import ToyNetwork, toy_batch


def test_rows_are_the_gradients_of_plain_backward_passes():
    toy = ToyNetwork(build('uniform'))
    gradients = TaskGradients()
    rows = gradients(
        toy.task_losses(*toy_batch(partly=True))[0], *gradients.split_parameters(dict(toy.named_parameters()))
    ).rows
    for number, row in enumerate(rows):
        toy.zero_grad()
        toy.task_losses(*toy_batch(partly=True))[0][number].backward()
        torch.testing.assert_close(row, torch.cat([p.grad.flatten() for p in toy.backbone.parameters()]))


def test_what_is_in_grad_stays():
    toy = ToyNetwork(build('uniform'))
    toy(*toy_batch())[0].backward()
    before = [p.grad.clone() for p in toy.parameters()]
    gradients = TaskGradients()
    gradients(toy.task_losses(*toy_batch(1))[0], *gradients.split_parameters(dict(toy.named_parameters())))
    assert all(torch.equal(p.grad, old) for p, old in zip(toy.parameters(), before, strict=True))


def test_a_parameter_that_a_task_does_not_use_has_gradient_zero():
    toy = ToyNetwork(build('uniform'))
    gradients = TaskGradients(('heads.a', 'backbone.bias'))
    rows = gradients(toy.task_losses(*toy_batch())[0], gradients.split_parameters(dict(toy.named_parameters()))[0]).rows
    assert rows.shape == (3, 6 + 1 + 6)
    assert rows[0, :7].all() and not rows[1:, :7].any() and rows[:, 7:].all()


def test_the_shared_ones_go_by_name():
    net = nn.ModuleDict({'backbone': nn.Linear(2, 2), 'backbones': nn.Linear(2, 2), 'neck': nn.Linear(2, 2)})
    net.backbone.bias.requires_grad_(False)
    net.neck.requires_grad_(False)
    names = dict(net.named_parameters())
    (chosen,), others = TaskGradients(('backbone',)).split_parameters(names)
    assert chosen is net.backbone.weight
    assert [id(p) for p in others] == [id(p) for p in net.backbones.parameters()]
    assert len(TaskGradients(('backbone', 'backbones.weight', 'backbone.weight')).split_parameters(names)[0]) == 2
    for wrong in ('back', 'encoder', 'neck'):
        with pytest.raises(ConfigError, match=f"shared: no trainable parameter is named '{wrong}'.* backbone, ba"):
            TaskGradients(('backbone', wrong)).split_parameters(names)
    with pytest.raises(ConfigError, match='is empty'):
        TaskGradients(()).split_parameters(names)


@pytest.mark.parametrize(('shared', 'times'), [(('backbone',), 1), (('backbone.bias',), 2)])
@pytest.mark.parametrize('name', ['mgda', 'gradnorm'])
def test_how_often_a_step_goes_back_through_a_head(name, shared, times):
    """Once, if the tasks meet in shared parameters only; else once more for the rest of the trunk. In the first step it
    is found out.
    """
    toy = ToyNetwork(build(name))
    toy.loss_weighting.gradients = TaskGradients(shared)
    toy(*toy_batch(partly=True))
    passes = dict.fromkeys('abc', 0)

    def count(head: str):
        def one_more(gradient):
            passes[head] += 1

        return one_more

    for head, module in toy.heads.items():
        module.register_forward_hook(lambda module, given, out, head=head: out.register_hook(count(head)) and None)
    for steps in (1, 2):
        toy(*toy_batch(partly=True))[0].backward()
        assert passes == dict.fromkeys('abc', steps * times)


def test_passes_end_at_the_shared_part():
    """From the second step on: in the first it is found out that the tasks meet elsewhere too."""
    toy = ToyNetwork(build('nash-part'))
    toy(*toy_batch())[0].backward()
    passes = []
    toy.backbone.weight.register_hook(passes.append)
    toy(*toy_batch())[0].backward()
    assert len(passes) == 1


def test_others_are_pulled_where_a_loss_reaches_them():
    """A parameter without a gradient stays without one: a zero would let an optimiser with weight decay move it."""
    toy = ToyNetwork(build('mgda'))
    toy.idle = nn.Linear(2, 2)
    toy(*toy_batch())[0].backward()
    assert all(parameter.grad is None for parameter in toy.idle.parameters())
    assert all(parameter.grad is not None for head in toy.heads.values() for parameter in head.parameters())


def test_a_consistency_loss_still_flows_through_the_network():
    """The total of the tasks has no graph through it; what is added to that has its own."""
    toy, alone = ToyNetwork(build('mgda')), ToyNetwork(build('mgda'))
    images, *rest = toy_batch()
    total, _ = toy(images, *rest)
    (total + toy.backbone(images).square().mean()).backward()
    alone(images, *rest)[0].backward()
    more = torch.autograd.grad(alone.backbone(images).square().mean(), list(alone.backbone.parameters()))
    for parameter, other, gradient in zip(toy.backbone.parameters(), alone.backbone.parameters(), more, strict=True):
        torch.testing.assert_close(parameter.grad, other.grad + gradient)


@pytest.mark.parametrize(('factor', 'overflows'), [(1e-6, False), (1e4, True)])
def test_half_precision_has_a_scale_of_its_own(factor, overflows):
    """Gradients that fp16 cannot hold survive; an overflow shows, and halves the scale."""
    torch.manual_seed(0)
    net = nn.Linear(4, 4, bias=False)
    images = torch.randn(8, 4)
    gradients = TaskGradients(('weight',))
    with torch.autocast('cpu', torch.float16):
        rows = gradients([net(images).float().mean() * factor], [net.weight]).rows
    expected = images.mean(0).expand(4, 4).flatten() / 4 * factor
    if overflows:
        assert not rows.isfinite().all() and gradients.half_scale == 2**11
    else:
        torch.testing.assert_close(rows[0], expected, rtol=2e-2, atol=1e-9)
        assert 2**12 < gradients.half_scale < 2**12 * 1.001
    before = gradients.half_scale.clone()
    with torch.autocast('cpu', torch.bfloat16):
        gradients([net(images).float().mean()], [net.weight])
    assert gradients.half_scale == before


@pytest.mark.parametrize(('factor', 'overflows'), [(1e-6, False), (1e4, True)])
def test_half_precision_of_what_is_not_shared(factor, overflows):
    torch.manual_seed(0)
    shared, head = nn.Linear(4, 4), nn.Linear(4, 4, bias=False)
    images = torch.randn(8, 4)
    gradients = TaskGradients(('shared',))
    with torch.autocast('cpu', torch.float16):
        found = gradients([head(images).float().mean() * factor], [shared.weight], [head.weight])
    ((_, parameter, gradient),) = found.others
    assert parameter is head.weight and not found.rows.any()
    if overflows:
        assert not gradient.isfinite().all() and gradients.half_scale == 2**11
    else:
        torch.testing.assert_close(gradient, images.mean(0).expand(4, 4) / 4 * factor, rtol=2e-2, atol=1e-9)
        assert gradients.half_scale > 2**12


def test_a_head_in_full_precision_keeps_it():
    """Under autocast around the step, as without."""
    torch.manual_seed(0)
    backbone, head, images = nn.Linear(4, 4), nn.Linear(4, 4), torch.randn(8, 4)
    found = []
    with torch.autocast('cpu', torch.bfloat16):
        features = backbone(images).float()
        with torch.autocast('cpu', enabled=False):
            loss = head(features).square().mean()
        found.append(TaskGradients()([loss], [backbone.weight], [head.weight]).others[0][2])
    found.extend(torch.autograd.grad(loss, [head.weight]))
    assert torch.equal(*found)


@pytest.mark.parametrize('name', ['mgda', 'nash', 'gradnorm'])
def test_a_loss_scale_comes_after_the_weighting(name):
    found = []
    for scale in (1.0, 2.0**14):
        toy = ToyNetwork(build(name))
        total, weights = toy(*toy_batch())
        (total * scale).backward()
        found.append([weights, *(p.grad / scale for p in toy.parameters())])
    torch.testing.assert_close(found[0], found[1], rtol=1e-5, atol=1e-7)


@pytest.mark.gpu
def test_fp16_on_a_gpu_weighs_as_fp32():
    weights = []
    for half in (False, True):
        toy = ToyNetwork(build('mgda')).cuda()
        images, labels, shown = toy_batch()
        batch = images.cuda(), *({key: value.cuda() for key, value in part.items()} for part in (labels, shown))
        with torch.autocast('cuda', torch.float16, enabled=half):
            weights.append(toy(*batch)[1])
    torch.testing.assert_close(*weights, rtol=0.05, atol=0.02)


def rank_asks(rank: int) -> tuple[bool, bool]:
    """On the first process two losses reach the second of the layers, on the other one does."""
    trunk, other = nn.Linear(2, 2), nn.Linear(2, 2)
    images = torch.ones(1, 2)
    losses = [trunk(images).sum(), other(trunk(images)).sum()]
    gradients = TaskGradients()
    alone = gradients(losses, [trunk.weight], [other.weight]).others
    gradients.others_are_disjoint = None
    if rank == 0:
        losses[0] = losses[0] + other(images).sum()
    return alone is not None, gradients(losses, [trunk.weight], [other.weight]).others is not None


if __name__ == '__main__':
    work(rank_asks)


def test_all_processes_go_the_same_way(tmp_path):
    assert run_in_two(__file__, tmp_path) == [(True, False), (True, False)]
