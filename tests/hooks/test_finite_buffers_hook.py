"""Running statistics after a batch that is not finite: as before it, and every other batch moves them as ever."""

import copy
import math
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from tiny_run import tiny_run
from torch import Tensor, nn

from mmmtl.hooks import FiniteBuffersHook


class Net(nn.Module):
    """Batch norm, and buffers of other kinds; a loss weighting of its own."""

    def __init__(self, momentum: float | None) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.BatchNorm2d(3, momentum=momentum), nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
        self.loss_weighting = nn.Module()
        self.loss_weighting.register_buffer('steps', torch.zeros(()))
        self.register_buffer('mask', torch.tensor([0.0, -math.inf]))
        self.register_buffer('seen', torch.zeros((), dtype=torch.bool))
        self.register_buffer('wide', torch.zeros(1).expand(4))

    def forward(self, images: Tensor) -> Tensor:
        self.seen |= images.mean() > 0.2
        self.loss_weighting.steps += 1
        return self.layers(images)


def step(model: nn.Module, images: Tensor, hook: FiniteBuffersHook | None) -> dict[str, Tensor]:
    runner = SimpleNamespace(model=model)
    if hook:
        hook.before_train_iter(runner, 0)
    with torch.no_grad():
        model(images)
    if hook:
        hook.after_train_iter(runner, 0)
    return copy.deepcopy(model.state_dict())


@pytest.mark.parametrize('momentum', [0.1, None])
@pytest.mark.parametrize('bad', [math.nan, math.inf, 1e30])
def test_a_bad_batch_changes_nothing_and_a_good_one_all(momentum, bad):
    torch.manual_seed(0)
    model, hook = Net(momentum), FiniteBuffersHook()
    plain = copy.deepcopy(model)
    hook.before_train(SimpleNamespace(model=model))
    good = [torch.rand(2, 3, 4, 5) for _ in range(3)]
    broken = torch.rand(2, 3, 4, 5)
    broken[1, 2, 0, 0] = bad  # one number of one image: some channels stay finite, and so does 1e30, but for its square
    for number, images in enumerate([good[0], broken, good[1], broken, broken, good[2]]):
        before = copy.deepcopy(model.state_dict())
        after = step(model, images, hook)
        if images is broken:
            assert after.pop('loss_weighting.steps') == before.pop('loss_weighting.steps') + 1 == number + 1
            torch.testing.assert_close(after, before, rtol=0, atol=0)
        else:
            after = step(plain, images, None)
    expected, found = plain.state_dict(), model.state_dict()
    del expected['loss_weighting.steps'], found['loss_weighting.steps']
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert found['layers.0.num_batches_tracked'] == 3 and found['seen']


def test_without_buffers():
    model, hook = nn.Linear(2, 2), FiniteBuffersHook()
    hook.before_train(SimpleNamespace(model=model))
    step(model, torch.rand(1, 2), hook)


class Poison(Hook):
    """NaN in the features of the second iteration; what the buffers are after each."""

    def __init__(self) -> None:
        self.states: list[dict[str, Tensor]] = []

    def before_train(self, runner) -> None:
        runner.model.decode_head.register_forward_pre_hook(
            lambda _, args: ([x * (math.nan if runner.iter == 1 else 1) for x in args[0]], *args[1:])
        )

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        self.states.append({name: values.clone() for name, values in runner.model.state_dict().items()})


def test_a_skipped_step_of_a_run(tmp_path, rooms_cache):
    """Neither weights nor statistics move, and what is saved is finite."""
    poison = Poison()
    tiny_run(tmp_path, {'poison': poison}, train_cfg__max_epochs=1, train_cfg__val_interval=9).train()
    first, second, third = poison.states
    assert any('running_var' in name for name in first)
    torch.testing.assert_close(second, first, rtol=0, atol=0)
    assert all(values.isfinite().all() for values in third.values())
    assert any(not torch.equal(third[name], first[name]) for name in first if 'running_var' in name)
