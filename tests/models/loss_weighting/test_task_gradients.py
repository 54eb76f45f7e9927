"""Gradients per task: those of plain backward passes, unscaled, by the names of parameters."""

import pytest
import torch
from every_weighting import Toy, build, make_batch
from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting import TaskGradients


def test_rows_are_the_gradients_of_plain_backward_passes():
    toy = Toy(build('uniform'))
    gradients = TaskGradients()
    rows = gradients(toy.task_losses(*make_batch(partly=True))[0], gradients.choose(dict(toy.named_parameters())))
    for number, row in enumerate(rows):
        toy.zero_grad()
        toy.task_losses(*make_batch(partly=True))[0][number].backward()
        torch.testing.assert_close(row, torch.cat([p.grad.flatten() for p in toy.backbone.parameters()]))


def test_what_is_in_grad_stays():
    toy = Toy(build('uniform'))
    toy(*make_batch())[0].backward()
    before = [p.grad.clone() for p in toy.parameters()]
    gradients = TaskGradients()
    gradients(toy.task_losses(*make_batch(1))[0], gradients.choose(dict(toy.named_parameters())))
    assert all(torch.equal(p.grad, old) for p, old in zip(toy.parameters(), before, strict=True))


def test_a_parameter_that_a_task_does_not_use_has_gradient_zero():
    toy = Toy(build('uniform'))
    gradients = TaskGradients(('heads.a', 'backbone.bias'))
    rows = gradients(toy.task_losses(*make_batch())[0], gradients.choose(dict(toy.named_parameters())))
    assert rows.shape == (3, 6 + 1 + 6)
    assert rows[0, :7].all() and not rows[1:, :7].any() and rows[:, 7:].all()


def test_the_shared_ones_go_by_name():
    net = nn.ModuleDict({'backbone': nn.Linear(2, 2), 'backbones': nn.Linear(2, 2), 'neck': nn.Linear(2, 2)})
    net.backbone.bias.requires_grad_(False)
    net.neck.requires_grad_(False)
    names = dict(net.named_parameters())
    (chosen,) = TaskGradients(('backbone',)).choose(names)
    assert chosen is net.backbone.weight
    assert len(TaskGradients(('backbone', 'backbones.weight', 'backbone.weight')).choose(names)) == 2
    for wrong in ('back', 'encoder', 'neck'):
        with pytest.raises(ConfigError, match=f"shared: no parameter that is learnt is named '{wrong}'.* backbone, ba"):
            TaskGradients(('backbone', wrong)).choose(names)
    with pytest.raises(ConfigError, match='is empty'):
        TaskGradients(()).choose(names)


@pytest.mark.parametrize(('factor', 'overflows'), [(1e-6, False), (1e4, True)])
def test_half_precision_has_a_scale_of_its_own(factor, overflows):
    """Gradients that fp16 cannot hold survive; an overflow shows, and halves the scale."""
    torch.manual_seed(0)
    net = nn.Linear(4, 4, bias=False)
    images = torch.randn(8, 4)
    gradients = TaskGradients(('weight',))
    with torch.autocast('cpu', torch.float16):
        rows = gradients((net(images).float().mean() * factor)[None], [net.weight])
    expected = images.mean(0).expand(4, 4).flatten() / 4 * factor
    if overflows:
        assert not rows.isfinite().all() and gradients.half_scale == 2 ** 11
    else:
        torch.testing.assert_close(rows[0], expected, rtol=2e-2, atol=1e-9)
        assert 2 ** 12 < gradients.half_scale < 2 ** 12 * 1.001
    with torch.autocast('cpu', torch.bfloat16):
        gradients((net(images).float().mean())[None], [net.weight])
    assert gradients.half_scale == (2 ** 11 if overflows else gradients.half_scale)


@pytest.mark.parametrize('name', ['mgda', 'nash', 'gradnorm'])
def test_a_loss_scale_comes_after_the_weighting(name):
    found = []
    for scale in (1.0, 2.0 ** 14):
        toy = Toy(build(name))
        total, weights = toy(*make_batch())
        (total * scale).backward()
        found.append([weights, *(p.grad / scale for p in toy.parameters())])
    torch.testing.assert_close(found[0], found[1], rtol=1e-5, atol=1e-7)


@pytest.mark.gpu
def test_fp16_on_a_gpu_weighs_as_fp32():
    weights = []
    for half in (False, True):
        toy = Toy(build('mgda')).cuda()
        images, labels, shown = make_batch()
        batch = images.cuda(), *({key: value.cuda() for key, value in part.items()} for part in (labels, shown))
        with torch.autocast('cuda', torch.float16, enabled=half):
            weights.append(toy(*batch)[1])
    torch.testing.assert_close(*weights, rtol=0.05, atol=0.02)
