"""The training log: every iteration's numbers, fetched late; what is not finite is skipped, counted, named."""

from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from tiny_run import tiny_run
from troublemakers import NaNHook

from mmmtl.checkpoints.checkpoint import read_checkpoint
from mmmtl.errors import DivergenceError


class Recorder(Hook):
    """What each iteration did to the weights, and what its loss was."""

    def __init__(self) -> None:
        self.changed: list[bool] = []
        self.losses: list[float] = []

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.before = torch.cat([p.detach().flatten() for p in runner.model.parameters()])

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        now = torch.cat([p.detach().flatten() for p in runner.model.parameters()])
        self.changed.append(not torch.equal(now, self.before))
        self.losses.append(outputs['loss'].item())


def log_of(work_dir: Path) -> str:
    (log,) = work_dir.glob('*/*.log')
    return log.read_text()


def test_every_iteration_is_logged(tmp_path, rooms_cache):
    recorder = Recorder()
    runner = tiny_run(tmp_path, {'recorder': recorder}, train_cfg__max_epochs=2, default_hooks__logger__interval=50)
    runner.train()
    logged, _ = runner.message_hub.get_scalar('train/loss').data
    assert logged.tolist() == pytest.approx(recorder.losses) and len(logged) == 6
    assert len(runner.message_hub.get_scalar('train/grad_norm').data[0]) == 6
    saved = read_checkpoint(tmp_path / 'epoch_1.pth')['message_hub']['log_scalars']
    assert saved['train/loss']['log_history'] == pytest.approx(recorder.losses[:3])


@pytest.mark.parametrize('fused', [False, True])
def test_steps_that_are_not_finite_are_skipped_and_reported(fused, tmp_path, rooms_cache):
    recorder = Recorder()
    runner = tiny_run(
        tmp_path,
        {'nan': NaNHook([1, 4], 'depth'), 'recorder': recorder},
        train_cfg__max_epochs=2,
        optim_wrapper__optimizer__fused=fused,
    )
    runner.train()
    assert recorder.changed == [True, False, True, True, False, True]
    log = log_of(tmp_path)
    lines = [line for line in log.splitlines() if 'not finite on' in line]
    assert len(lines) == 2 and all('the loss of depth is not finite' in line for line in lines)
    assert all(line.count('_image.png') == 4 for line in lines[:1])
    assert '2 steps were skipped' in log
    assert read_checkpoint(tmp_path / 'epoch_2.pth')['meta']['skipped_steps'] == 2
    assert all(p.isfinite().all() for p in runner.model.parameters())


def test_too_many_in_a_row_stop_the_run(tmp_path, rooms_cache):
    runner = tiny_run(
        tmp_path,
        {'nan': NaNHook([2, 4, 5, 6, 7], 'normal')},
        default_hooks__runtime_info__max_not_finite=3,
        default_hooks__runtime_info__type='mmmtl.TrainingLogHook',
    )
    with pytest.raises(DivergenceError, match=r'loss of normal is not finite on .*_image\.png.*; 3 steps in a row'):
        runner.train()
    assert runner.iter < 9


def test_the_count_continues_after_a_resume(tmp_path, rooms_cache):
    tiny_run(tmp_path, {'nan': NaNHook([1, 2], 'depth')}, train_cfg__max_epochs=1).train()
    runner = tiny_run(
        tmp_path,
        {'nan': NaNHook([3], 'depth')},
        train_cfg__max_epochs=2,
        resume=True,
        default_hooks__runtime_info__max_not_finite=3,
        default_hooks__runtime_info__type='mmmtl.TrainingLogHook',
    )
    with pytest.raises(DivergenceError, match='3 steps in a row'):
        runner.train()


def test_gathered_gradients(tmp_path, rooms_cache):
    runner = tiny_run(tmp_path, train_cfg__max_epochs=2, optim_wrapper__accumulative_counts=2)
    runner.train()
    assert runner.message_hub.get_scalar('train/loss').data[1].tolist() == [1] * 6
    norms, counts = runner.message_hub.get_scalar('train/grad_norm').data
    assert counts.tolist() == [0, 1] * 3 and all(norms[1::2] > 0)
