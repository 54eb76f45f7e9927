"""Named groups with schedules of their own: every learning rate by hand, the same after a resume, and in a run."""

import math

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from tiny_run import tiny_run
from torch import nn
from torch.optim import Adam

from mmmtl.errors import ConfigError
from mmmtl.optim import FiniteOptimWrapper, GroupCosineRestartLR, GroupStepLR, NamedGroups

FILM = dict(film=dict(keys=['film'], lr=1e-3))
SCHEDULES = (dict(groups=['rest'], step_size=4), dict(groups=['film'], step_size=3))


class Filmed(nn.Module):
    """A parameter of FiLM among others, one of which only sounds like it."""

    def __init__(self) -> None:
        super().__init__()
        self.film, self.filming, self.deep = nn.Linear(2, 2), nn.Linear(2, 2), nn.ModuleDict({'film': nn.Linear(2, 2)})

    def forward(self) -> torch.Tensor:
        return sum(p.square().sum() for p in self.parameters())


def make(groups: dict = FILM) -> tuple[nn.Module, FiniteOptimWrapper]:
    torch.manual_seed(0)
    model = Filmed()
    return model, build_optim_wrapper(
        model,
        dict(
            type=FiniteOptimWrapper, optimizer=dict(type=Adam, lr=1e-4), constructor=NamedGroups, paramwise_cfg=groups
        ),
    )


def schedulers(wrapper: FiniteOptimWrapper) -> list[GroupStepLR]:
    return [GroupStepLR(wrapper, gamma=0.5, **schedule) for schedule in SCHEDULES]


def rates(wrapper: FiniteOptimWrapper) -> dict[str, float]:
    return {group['name']: group['lr'] for group in wrapper.optimizer.param_groups}


def epochs(model: nn.Module, wrapper: FiniteOptimWrapper, schedule: list[GroupStepLR], count: int) -> list[dict]:
    seen = []
    for _ in range(count):
        wrapper.update_params(model())
        seen.append(rates(wrapper))
        for one in schedule:
            one.step()
    return seen


def test_a_cosine_restart_schedule_beside_a_step_schedule():
    """Region contrast's: from 1e-4 to 1e-6 in 10 epochs, twice, for the rest; the FiLM halved every 10."""
    model, wrapper = make()
    both = [
        GroupCosineRestartLR(wrapper, groups=['rest'], periods=[10] * 2, restart_weights=[1.0] * 2, eta_min=1e-6),
        GroupStepLR(wrapper, groups=['film'], step_size=10, gamma=0.5),
    ]
    seen = epochs(model, wrapper, both, 20)
    assert [one['rest'] for one in seen] == pytest.approx(
        [1e-6 + (1e-4 - 1e-6) * (1 + math.cos(math.pi * (epoch % 10) / 10)) / 2 for epoch in range(20)]
    )
    assert [one['film'] for one in seen] == pytest.approx([1e-3] * 10 + [5e-4] * 10)


def test_who_is_in_which_group():
    model, wrapper = make()
    groups = {group['name']: group['params'] for group in wrapper.optimizer.param_groups}
    assert {id(p) for p in groups['film']} == {id(p) for p in (*model.film.parameters(), *model.deep.parameters())}
    assert {id(p) for p in groups['rest']} == {id(p) for p in model.filming.parameters()}
    assert rates(wrapper) == {'film': 1e-3, 'rest': 1e-4}


def test_every_group_falls_by_its_own_schedule():
    model, wrapper = make()
    seen = epochs(model, wrapper, schedulers(wrapper), 10)
    assert [one['film'] for one in seen] == pytest.approx([1e-3 * 0.5 ** (epoch // 3) for epoch in range(10)])
    assert [one['rest'] for one in seen] == pytest.approx([1e-4 * 0.5 ** (epoch // 4) for epoch in range(10)])
    assert wrapper.get_lr()['base_lr'][0] == pytest.approx(1e-4 * 0.5**2)  # what the log shows


@pytest.mark.parametrize('at', [3, 4, 5])
def test_a_resumed_run_continues_exactly(at):
    whole = make()
    expected = epochs(*whole, schedulers(whole[1]), 10)
    first = make()
    schedule = schedulers(first[1])
    seen = epochs(*first, schedule, at)
    saved = first[0].state_dict(), first[1].state_dict(), [one.state_dict() for one in schedule]
    second = make()
    schedule = schedulers(second[1])
    second[0].load_state_dict(saved[0])
    second[1].load_state_dict(saved[1])
    for one, state in zip(schedule, saved[2], strict=True):
        one.load_state_dict(state)
    assert seen + epochs(*second, schedule, 10 - at) == expected
    for a, b in zip(whole[0].parameters(), second[0].parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    'groups', [dict(film=dict(keys=['flim'])), dict(film=dict(lr=1.0)), dict(rest=FILM['film']), dict(film=1e-3)]
)
def test_groups_that_cannot_be(groups):
    with pytest.raises(ConfigError, match='paramwise_cfg.(film|rest)'):
        make(groups)


def test_a_schedule_for_nobody():
    with pytest.raises(ConfigError, match='among film, rest'):
        GroupStepLR(make()[1], groups=['flim'], step_size=1)


@pytest.mark.slow
def test_a_run_from_a_config(tmp_path, rooms_cache):
    options = dict(
        optim_wrapper__constructor=NamedGroups,
        train_cfg__max_epochs=3,
        optim_wrapper__paramwise_cfg=dict(head=dict(keys=['decode_head'], lr=1e-2)),
        param_scheduler=[dict(type=GroupStepLR, groups=['head'], step_size=1, gamma=0.5, by_epoch=True)],
    )
    whole = tiny_run(tmp_path / 'whole', **options)
    whole.train()
    assert rates(whole.optim_wrapper) == pytest.approx({'head': 1e-2 / 4, 'rest': 1e-3})  # of the third epoch
    parts = tiny_run(tmp_path / 'parts', **options, resume=True, load_from=str(tmp_path / 'whole' / 'epoch_2.pth'))
    parts.train()
    for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        assert torch.equal(a, b)
