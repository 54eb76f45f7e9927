"""The state of the random generators: going back repeats every draw, through a checkpoint file too."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from timm.layers import DropPath
from tiny_run import tiny_run
from two_processes import run_in_two, work

from mmmtl.checkpoints.checkpoint import read_checkpoint, write_checkpoint
from mmmtl.checkpoints.random_state import random_state, separate_random_streams, set_random_state


@pytest.fixture(autouse=True)
def other_tests_go_on_as_if_nothing_was():
    before = random_state()
    yield
    set_random_state(before)


def draws() -> list[float]:
    """Of every kind that keeps something back: a normal draw of Python and of NumPy makes two numbers."""
    return [
        random.random(),
        random.gauss(0, 1),
        random.randrange(10**9),
        np.random.rand(),
        np.random.randn(),
        float(np.random.randint(10**9)),
        torch.rand(()).item(),
        torch.randn(()).item(),
        torch.randperm(99)[0].item(),
        torch.nn.functional.dropout(torch.ones(64)).sum().item(),
    ]


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


class Masks(Hook):
    """Which images of every training batch the layers of drop-path keep."""

    def before_train(self, runner) -> None:
        self.kept: list[list[bool]] = []
        for layer in runner.model.modules():
            if isinstance(layer, DropPath):
                layer.register_forward_hook(self.look)

    def look(self, layer: DropPath, args: tuple, output: torch.Tensor) -> None:
        if layer.training:
            self.kept.append(output.flatten(1).any(1).tolist())


def rank_trains(rank: int) -> dict:
    """Two epochs, and the second of them once more from the checkpoint of the first."""

    def train(folder: str, **options) -> tuple[list, dict]:
        masks = Masks()
        runner = tiny_run(
            Path(folder),
            {'masks': masks},
            'tiny_rooms_plain.py',
            launcher='pytorch',
            train_dataloader__batch_size=2,
            train_cfg__max_epochs=2,
            train_cfg__val_interval=9,
            model__backbone__drop_path_rate=0.5,
            **options,
        )
        runner.train()
        return masks.kept, runner.model.module.state_dict()

    masks, state = train('whole')
    again, resumed = train('resumed', resume=True, load_from='whole/epoch_1.pth')
    return {'masks': masks, 'again': again, 'state': state, 'resumed': resumed, 'drawn': draws()}


def test_processes_draw_numbers_of_their_own(tmp_path, rooms_cache, monkeypatch):
    """Weights are the same on all of them, and a resumed run draws what it would have drawn."""
    monkeypatch.chdir(tmp_path)
    found = run_in_two(__file__, tmp_path)
    assert found[0]['masks'] != found[1]['masks'] and found[0]['drawn'] != found[1]['drawn']
    for one in found:
        assert one['again'] == one['masks'][len(one['masks']) // 2 :]
        for state in (found[0]['state'], one['state'], one['resumed']):
            torch.testing.assert_close(state, found[0]['state'], rtol=0, atol=0)
    before = random_state()
    separate_random_streams(5, 0)  # one process draws as ever
    assert torch.equal(random_state()['torch'], before['torch'])


@pytest.mark.gpu
def test_the_gpu_goes_back_too():
    state = random_state()
    first = torch.rand(3, device='cuda')
    set_random_state(state)
    assert torch.equal(torch.rand(3, device='cuda'), first)


if __name__ == '__main__':
    work(rank_trains)
