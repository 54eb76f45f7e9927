"""The state of the random generators: going back repeats every draw, through a checkpoint file too."""

import random

import numpy as np
import pytest
import torch

from mmmtl.apis.checkpoint import read_checkpoint, write_checkpoint
from mmmtl.apis.random_state import random_state, set_random_state


@pytest.fixture(autouse=True)
def other_tests_go_on_as_if_nothing_was():
    before = random_state()
    yield
    set_random_state(before)


def draws() -> list[float]:
    """Of every kind that keeps something back: a normal draw of Python and of NumPy makes two numbers."""
    return [random.random(), random.gauss(0, 1), random.randrange(10**9), np.random.rand(), np.random.randn(),
            float(np.random.randint(10**9)), torch.rand(()).item(), torch.randn(()).item(),
            torch.randperm(99)[0].item(), torch.nn.functional.dropout(torch.ones(64)).sum().item()]


@pytest.mark.parametrize('drawn_before', [0, 1, 2])
def test_going_back_repeats_every_draw(drawn_before):
    for _ in range(drawn_before):  # once: the second number of each pair is waiting
        random.gauss(0, 1), np.random.randn()
    state = random_state()
    first = draws()
    assert draws() != first
    set_random_state(state)
    assert draws() == first


def test_through_a_file(tmp_path):
    random.gauss(0, 1), np.random.randn()
    write_checkpoint({'state_dict': {}, 'random_state': random_state()}, tmp_path / 'a.pth')
    first = draws()
    set_random_state(read_checkpoint(tmp_path / 'a.pth')['random_state'])
    assert draws() == first


def test_processes_can_stack_their_states():
    """Whatever has been drawn, shapes and types are the same."""
    random.seed(0), np.random.seed(0)
    states = [random_state()]
    random.gauss(0, 1), np.random.randn()
    states.append(random_state())
    stacked = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    set_random_state({name: value[1] for name, value in stacked.items()})
    second = draws()
    set_random_state({name: value[0] for name, value in stacked.items()})
    random.gauss(0, 1), np.random.randn()
    assert draws() == second


def test_reading_the_state_draws_nothing():
    state = random_state()
    random_state()
    for name, value in random_state().items():
        torch.testing.assert_close(value, state[name], equal_nan=True, rtol=0, atol=0)


@pytest.mark.gpu
def test_the_gpu_goes_back_too():
    state = random_state()
    first = torch.rand(3, device='cuda')
    set_random_state(state)
    assert torch.equal(torch.rand(3, device='cuda'), first)
