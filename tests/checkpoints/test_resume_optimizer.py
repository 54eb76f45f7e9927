"""Schedules that are put to a place equal those that went there; what an optimiser remembers is kept, no setting is."""

import math
import random
import warnings
from copy import deepcopy

import pytest
import torch
from mmengine.optim import (
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    LinearMomentum,
    MultiStepLR,
    OneCycleLR,
    OptimWrapper,
    PolyLR,
    ReduceOnPlateauLR,
    StepLR,
)
from torch import nn
from torch.optim import SGD, AdamW

from mmmtl.checkpoints.checkpoint import to_plain_values
from mmmtl.checkpoints.resume_optimizer import (
    group_settings,
    load_gradients,
    load_optimizer,
    load_plateau_states,
    pending_gradients,
    replay_schedulers,
    scheduler_states,
)
from mmmtl.errors import CheckpointError
from mmmtl.optim import FiniteOptimWrapper, GroupCosineRestartLR

LENGTH, EPOCHS = 4, 6  # iterations of an epoch
CHAINS = {
    'warmup and cosine by iteration': lambda wrapper: [
        LinearLR(wrapper, start_factor=0.1, by_epoch=False, end=5),
        CosineAnnealingLR(wrapper, T_max=19, eta_min=1e-5, by_epoch=False, begin=5),
    ],
    'cosine by epoch, converted': lambda wrapper: [
        CosineAnnealingLR.build_iter_from_epoch(wrapper, T_max=EPOCHS, epoch_length=LENGTH, end=EPOCHS)
    ],
    'steps by epoch, poly by iteration, momentum': lambda wrapper: [
        MultiStepLR(wrapper, milestones=[2, 3, 3], gamma=0.3),
        PolyLR(wrapper, power=0.9, by_epoch=False, end=24),
        StepLR(wrapper, step_size=2, gamma=0.5, begin=1),
        LinearMomentum(wrapper, start_factor=0.5, end=3),
    ],
    'restarts of one group': lambda wrapper: [
        ExponentialLR(wrapper, gamma=0.9),
        GroupCosineRestartLR(
            wrapper, groups=['film'], periods=[3, 7, 14], restart_weights=[1, 0.5, 0.2], eta_min=0.0, by_epoch=False
        ),
    ],
    'one cycle': lambda wrapper: [OneCycleLR(wrapper, eta_max=0.1, total_steps=24, by_epoch=False)],
}


def wrapper_of(lr: float = 0.01, optimizer: type = AdamW, **settings) -> OptimWrapper:
    torch.manual_seed(0)
    one, two = nn.Linear(2, 3), nn.Linear(3, 1)
    groups = [
        {'params': list(one.parameters()), 'name': 'rest'},
        {'params': list(two.parameters()), 'name': 'film', 'lr': 3 * lr},
    ]
    return FiniteOptimWrapper(optimizer=optimizer(groups, lr=lr, **settings))


def train(wrapper: OptimWrapper, schedulers: list, iterations: range) -> None:
    """As `ParamSchedulerHook` steps them."""
    for done in iterations:
        for number, group in enumerate(wrapper.optimizer.param_groups):
            for parameter in group['params']:
                parameter.grad = torch.full_like(parameter, math.sin(done + number))
        wrapper.step()
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            for scheduler in schedulers:
                if not scheduler.by_epoch or (done + 1) % LENGTH == 0:
                    scheduler.step()


def states(wrapper: OptimWrapper, schedulers: list) -> list:
    """What has to be the same, to the last bit."""
    return deepcopy(
        to_plain_values(
            [group_settings(wrapper), scheduler_states(schedulers), wrapper.get_lr(), wrapper.get_momentum()]
        )
    )


@pytest.mark.parametrize('chain', CHAINS)
def test_a_schedule_that_is_put_to_a_place_equals_one_that_went_there(chain):
    """Iterations first, since schedulers by epoch step after those of the epoch's last iteration."""
    for done in sorted(random.Random(chain).sample(range(EPOCHS * LENGTH), 8)):
        went, put = wrapper_of(), wrapper_of()
        schedulers, fresh = CHAINS[chain](went), CHAINS[chain](put)
        by_iteration_first = sorted(schedulers, key=lambda scheduler: scheduler.by_epoch)
        train(went, by_iteration_first, range(done))
        replay_schedulers(fresh, done, LENGTH)
        assert states(put, fresh) == states(went, schedulers), done


@pytest.mark.parametrize('stop', [1, 7, 15, 23])
@pytest.mark.parametrize('length', [24, 40])
def test_a_longer_cosine_follows_its_closed_form(stop, length):
    old = wrapper_of(optimizer=SGD, momentum=0.9)
    train(old, [CosineAnnealingLR(old, T_max=24, by_epoch=False)], range(stop))
    new = wrapper_of(optimizer=SGD, momentum=0.9)
    before = now = group_settings(new)
    schedulers = [
        LinearLR(new, start_factor=0.1, by_epoch=False, end=5),
        CosineAnnealingLR(new, T_max=length, by_epoch=False),
    ]
    replay_schedulers(schedulers, stop, None)
    load_optimizer(new, to_plain_values(old.state_dict()), before, now, schedulers, 'x.pth')
    for step in range(stop, length):
        expected = 0.01 * (0.1 + 0.9 * min(step / 4, 1)) * (1 + math.cos(math.pi * step / length)) / 2
        assert new.get_lr()['lr'] == pytest.approx([expected, 3 * expected], abs=1e-12)
        train(new, schedulers, range(step, step + 1))


@pytest.mark.parametrize('chain', CHAINS)
def test_an_unchanged_config_continues_bitwise_identically(chain):
    whole = wrapper_of(weight_decay=0.1)
    schedulers = CHAINS[chain](whole)
    train(whole, schedulers, range(LENGTH))
    half = deepcopy(to_plain_values(whole.state_dict()))
    weights = [[p.clone() for p in group['params']] for group in whole.optimizer.param_groups]
    first = group_settings(wrapper_of(weight_decay=0.1))
    train(whole, schedulers, range(LENGTH, 2 * LENGTH))

    taken_up = wrapper_of(weight_decay=0.1)
    fresh = CHAINS[chain](taken_up)
    replay_schedulers(fresh, LENGTH, LENGTH)
    for group, values in zip(taken_up.optimizer.param_groups, weights, strict=True):
        for parameter, value in zip(group['params'], values, strict=True):
            parameter.data.copy_(value)
    load_optimizer(taken_up, half, first, first, fresh, 'x.pth')
    train(taken_up, fresh, range(LENGTH, 2 * LENGTH))
    assert states(taken_up, fresh) == states(whole, schedulers)
    pairs = zip(
        *([p for group in one.optimizer.param_groups for p in group['params']] for one in (taken_up, whole)),
        strict=True,
    )
    assert all(torch.equal(a, b) for a, b in pairs)


def test_settings_come_from_the_config_and_state_from_the_checkpoint():
    old = wrapper_of(weight_decay=0.1, eps=1e-6)
    before = group_settings(old)
    train(old, [], range(3))
    for group in old.optimizer.param_groups:
        group.update(d=7.0, eps=1e-5)  # what some optimisers change in their groups
    new = wrapper_of(lr=0.5, weight_decay=0.3, eps=1e-6, betas=(0.5, 0.9))
    now = group_settings(new)
    load_optimizer(new, to_plain_values(old.state_dict()), before, now, [], 'x.pth')
    for group, lr in zip(new.optimizer.param_groups, (0.5, 1.5), strict=True):
        assert (group['lr'], group['weight_decay'], group['eps'], group['d']) == (lr, 0.3, 1e-5, 7.0)
        assert tuple(group['betas']) == (0.5, 0.9)
        assert all(new.optimizer.state[p]['step'] == 3 for p in group['params'])


def test_a_schedule_that_has_been_removed_leaves_the_configs_rate():
    old = wrapper_of()
    train(old, [ExponentialLR(old, gamma=0.1, by_epoch=False)], range(3))
    new = wrapper_of()
    first = group_settings(new)
    load_optimizer(new, to_plain_values(old.state_dict()), first, first, [], 'x.pth')
    assert new.get_lr()['lr'] == [0.01, 0.03]


def test_a_plateau_remembers_its_scores():
    def schedule(wrapper: OptimWrapper, patience: int) -> list:
        return [ReduceOnPlateauLR(wrapper, monitor='depth/rmse', factor=0.1, patience=patience)]

    old, new = wrapper_of(), wrapper_of()
    first = group_settings(new)
    before, now = schedule(old, 0), schedule(new, 5)
    for score in (1.0, 2.0, 0.5, 0.7):
        before[0].step({'depth/rmse': score})
        before[0].step()
    assert old.get_lr()['lr'] == pytest.approx([1e-4, 3e-4])
    replay_schedulers(now, 4 * LENGTH, LENGTH)
    load_optimizer(new, to_plain_values(old.state_dict()), first, first, now, 'x.pth')
    load_plateau_states(now, to_plain_values(scheduler_states(before)))
    assert new.get_lr()['lr'] == pytest.approx([1e-4, 3e-4])
    assert (now[0].best, now[0].patience, now[0]._global_step) == (0.5, 5, before[0]._global_step)


def test_other_groups_are_refused():
    old, new = wrapper_of(), wrapper_of()
    saved = to_plain_values(old.state_dict())
    for group in new.optimizer.param_groups:
        group['name'] = 'all'
    with pytest.raises(
        CheckpointError, match='x.pth: the 2 parameter groups of its optimizer do not match the 2 of this run'
    ):
        load_optimizer(new, saved, None, group_settings(new), [], 'x.pth')


def test_gradients_of_half_a_step():
    model = nn.Linear(3, 2)
    unused = nn.Parameter(torch.zeros(1))
    model.register_parameter('unused', unused)
    wrapper = FiniteOptimWrapper(optimizer=SGD(model.parameters(), lr=0.1), accumulative_counts=2)
    assert pending_gradients(model, wrapper) == {}
    wrapper.update_params(model(torch.ones(1, 3)).sum())
    pending = pending_gradients(model, wrapper)
    assert set(pending) == {'weight', 'bias'} and torch.equal(pending['weight'], torch.full((2, 3), 0.5))
    wrapper.update_params(model(torch.ones(1, 3)).sum())
    assert pending_gradients(model, wrapper) == {}
    load_gradients(model, pending)
    assert torch.equal(model.bias.grad, torch.full((2,), 0.5)) and unused.grad is None
