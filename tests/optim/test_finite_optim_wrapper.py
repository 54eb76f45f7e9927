"""A step with gradients that are not finite changes nothing; every other step is the optimiser's own."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW

from mmmtl.errors import ConfigError
from mmmtl.optim import FiniteOptimWrapper

OPTIMISERS = {
    'AdamW': lambda p: AdamW(p, lr=0.1),
    'AdamW fused': lambda p: AdamW(p, lr=0.1, fused=True),
    'SGD': lambda p: SGD(p, lr=0.1, momentum=0.9),
    'SGD fused': lambda p: SGD(p, lr=0.1, momentum=0.9, fused=True),
}


def network() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def loss(model: nn.Module, scale: float = 1.0) -> torch.Tensor:
    return (model(torch.ones(4, 3)) ** 2).sum() * scale


@pytest.mark.parametrize('kind', OPTIMISERS)
@pytest.mark.parametrize('bad', [math.nan, math.inf])
def test_a_bad_step_changes_nothing(kind, bad):
    model, plain = network(), network()
    wrapper = FiniteOptimWrapper(optimizer=OPTIMISERS[kind](model.parameters()))
    optimiser = OPTIMISERS[kind](plain.parameters())
    for scale in (1.0, bad, 1.0, bad, bad, 1.0):
        before = copy.deepcopy((model.state_dict(), wrapper.optimizer.state_dict()['state']))
        wrapper.update_params(loss(model, scale))
        assert bool(wrapper.grad_norm.isfinite()) == (scale == 1)
        if scale == 1:
            optimiser.zero_grad()
            loss(plain).backward()
            optimiser.step()
        else:
            after = model.state_dict(), wrapper.optimizer.state_dict()['state']
            torch.testing.assert_close(after, before, rtol=0, atol=0)
    torch.testing.assert_close(model.state_dict(), plain.state_dict(), rtol=0, atol=0)
    torch.testing.assert_close(wrapper.optimizer.state_dict(), optimiser.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize('kind', OPTIMISERS)
@pytest.mark.parametrize('clip', [dict(max_norm=0.5), dict(type='value', clip_value=0.1)])
def test_a_bad_step_changes_nothing_with_clipped_gradients(kind, clip):
    """Clipping by value makes infinite gradients finite."""
    model = network()
    wrapper = FiniteOptimWrapper(optimizer=OPTIMISERS[kind](model.parameters()), clip_grad=clip)
    before = copy.deepcopy(model.state_dict())
    wrapper.update_params(loss(model, math.inf))
    assert not wrapper.grad_norm.isfinite()
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ('clip', 'message'),
    [
        (dict(max_nrom=0.5), 'clip_grad has no option max_nrom; .* max_norm, norm_type'),
        (dict(norm_type=1.0), 'clip_grad needs max_norm'),
        (dict(type='value', max_norm=0.5), 'clip_grad has no option max_norm; .* clip_value'),
        (dict(type='vlaue', clip_value=0.5), "clip_grad.type: expected one of norm, value, found 'vlaue'"),
        (dict(), 'clip_grad needs max_norm'),
    ],
)
def test_an_option_of_clipping_that_would_be_ignored_is_an_error(clip, message):
    with pytest.raises(ConfigError, match=message):
        FiniteOptimWrapper(optimizer=SGD(network().parameters(), lr=1.0), clip_grad=clip)


@pytest.mark.parametrize(
    'clip', [dict(max_norm=0.5), dict(max_norm=0.5, norm_type=1.0), dict(type='value', clip_value=0.1)]
)
def test_clipping_is_torchs_own(clip):
    model, plain = network(), network()
    wrapper = FiniteOptimWrapper(optimizer=SGD(model.parameters(), lr=1.0), clip_grad=dict(clip))
    wrapper.update_params(loss(model))
    loss(plain).backward()
    if 'clip_value' in clip:
        assert wrapper.grad_norm == nn.utils.get_total_norm([p.grad for p in plain.parameters()])
        nn.utils.clip_grad_value_(plain.parameters(), 0.1)
    else:
        norm = nn.utils.clip_grad_norm_(plain.parameters(), **clip)
        assert wrapper.grad_norm == norm > 0.5
    SGD(plain.parameters(), lr=1.0).step()
    torch.testing.assert_close(model.state_dict(), plain.state_dict())


def test_gradients_are_gathered_over_several_iterations():
    model, plain = network(), network()
    wrapper = FiniteOptimWrapper(optimizer=SGD(model.parameters(), lr=0.1), accumulative_counts=2)
    for _ in range(2):
        wrapper.update_params(loss(model))
    loss(plain).backward()  # two halves of the same
    SGD(plain.parameters(), lr=0.1).step()
    torch.testing.assert_close(model.state_dict(), plain.state_dict())


def test_frozen_parameters_are_left_out():
    model = network()
    model.bias.requires_grad_(False)
    before = model.bias.clone()
    FiniteOptimWrapper(optimizer=SGD(model.parameters(), lr=0.1)).update_params(loss(model))
    assert torch.equal(model.bias, before)
