"""EMAHook: validation and checkpoints have the averaged weights, training goes on with its own, resume is exact."""

import pytest
import torch
from mmengine.hooks import Hook
from tiny_run import tiny_run
from torch import Tensor

from mmmtl.checkpoints.checkpoint import read_checkpoint
from mmmtl.cli.command_line import read_value
from mmmtl.errors import CheckpointError

MOMENTUM = 0.25
EMA = read_value(f"[dict(type='EMAHook', momentum={MOMENTUM})]")  # as by --cfg-options


class Watch(Hook):
    """The averages by the formula, from the weights after each step, and the weights with which it is validated."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.average: dict[str, Tensor] = {}
        self.own: dict[str, Tensor] = {}
        self.validated: list[bool] = []

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        self.own = {name: value.detach().clone() for name, value in runner.model.named_parameters()}
        for name, value in self.own.items():
            before = self.average.get(name, value)
            self.average[name] = (1 - MOMENTUM) * before + MOMENTUM * value

    def before_val_epoch(self, runner) -> None:
        self.validated.append(
            all(torch.allclose(value, self.average[name], atol=1e-6) for name, value in runner.model.named_parameters())
        )


def same(a: dict, b: dict) -> None:
    torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True)


def test_averages_are_validated_and_saved_and_resume_is_exact(tmp_path, rooms_cache):
    watch, options = Watch(), dict(custom_hooks=EMA, param_scheduler=None)
    tiny_run(tmp_path / 'whole', {'watch': watch}, train_cfg__max_epochs=4, **options).train()
    assert watch.validated == [True, True]
    whole = read_checkpoint(tmp_path / 'whole' / 'epoch_4.pth')
    torch.testing.assert_close({name: whole['state_dict'][name] for name in watch.average}, watch.average)
    same({name: whole['ema_state_dict'][f'module.{name}'] for name in watch.own}, watch.own)
    assert not all(torch.equal(value, watch.average[name]) for name, value in watch.own.items())

    tiny_run(tmp_path / 'parts', train_cfg__max_epochs=2, **options).train()
    tiny_run(tmp_path / 'parts', train_cfg__max_epochs=4, resume=True, **options).train()
    parts = read_checkpoint(tmp_path / 'parts' / 'epoch_4.pth')
    for key in ('state_dict', 'ema_state_dict', 'random_state'):
        same(parts[key], whole[key])
    same(parts['optimizer']['state'], whole['optimizer']['state'])

    tested = tiny_run(tmp_path / 'test', load_from=str(tmp_path / 'whole' / 'epoch_4.pth'), **options)
    plain = tiny_run(tmp_path / 'test', load_from=str(tmp_path / 'whole' / 'epoch_4.pth'))
    assert {**tested.test(), 'time': 0, 'data_time': 0} == pytest.approx(
        {**plain.test(), 'time': 0, 'data_time': 0}, nan_ok=True
    )


def test_averages_are_not_taken_for_the_weights_of_a_run(tmp_path, rooms_cache):
    tiny_run(tmp_path, custom_hooks=EMA, train_cfg__max_epochs=1).train()
    with pytest.raises(CheckpointError, match='its weights are averages of an EMAHook, which this config lacks; add'):
        tiny_run(tmp_path, resume=True).train()


def test_another_architecture_is_named_before_a_hook_sees_the_file(tmp_path, rooms_cache):
    tiny_run(tmp_path, custom_hooks=EMA, train_cfg__max_epochs=1).train()
    with pytest.raises(CheckpointError, match=r'epoch_1\.pth: does not fit the architecture'):
        tiny_run(tmp_path, custom_hooks=EMA, resume=True, model__decode_head__head__channels=8).train()
