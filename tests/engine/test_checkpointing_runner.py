"""A run whose newest checkpoint is damaged resumes from the one before, and ends like an undisturbed run."""

import os
import signal
from pathlib import Path

import pytest
import torch
from interrupted_run import LAST, LOOPS, differences
from mmengine.hooks import Hook
from resumed_run import log
from tiny_run import tiny_run

from mmmtl.errors import CheckpointError

WITHOUT_VALIDATION = dict(val_cfg=None, val_dataloader=None, val_evaluator=None)
# the run is preempted after iteration 7, between two checkpoints
LEFT = {'epochs': ['epoch_2_iter_7.pth', 'epoch_2.pth'], 'iterations': ['iter_7.pth', 'iter_6.pth']}


class Preempt(Hook):
    """Send SIGTERM in iteration 7."""

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        if runner.iter == 6:
            os.kill(os.getpid(), signal.SIGTERM)


def train(folder: Path, loop: str, *hooks: Hook, **options) -> None:
    runner = tiny_run(folder, dict(enumerate(hooks)), LOOPS[loop].name, **WITHOUT_VALIDATION, **options)
    runner.train()


@pytest.fixture
def preempted(tmp_path, rooms_cache):
    def folder(loop: str) -> Path:
        with pytest.raises(SystemExit):
            train(tmp_path / 'preempted', loop, Preempt())
        return tmp_path / 'preempted'

    return folder


@pytest.mark.parametrize('loop', LOOPS)
def test_the_checkpoint_before_a_damaged_one_is_used(loop, preempted, tmp_path):
    folder = preempted(loop)
    newest, before = (folder / name for name in LEFT[loop])
    assert (folder / 'last_checkpoint').read_text() == str(newest)
    newest.write_bytes(newest.read_bytes()[:5000])
    train(folder, loop, resume=True)
    assert f'{newest}: cannot be read' in log(folder)
    assert f'; resuming from the earlier {before} instead\n' in log(folder)
    assert not newest.exists(), 'a damaged file would count as one of the checkpoints to keep'
    train(tmp_path / 'whole', loop)
    whole, found = (torch.load(path / LAST[loop], weights_only=True) for path in (tmp_path / 'whole', folder))
    assert differences(whole, found) == []
    assert {path.name for path in folder.glob('*.pth')} == {path.name for path in (tmp_path / 'whole').glob('*.pth')}


def test_a_run_with_damaged_checkpoints_only_ends(preempted):
    folder = preempted('epochs')
    for path in folder.glob('*.pth'):
        path.write_bytes(b'')
    before = sorted(folder.glob('*.pth'))
    with pytest.raises(
        CheckpointError, match=rf'epoch_2_iter_7\.pth: cannot be read.* and {folder} has no earlier one'
    ):
        train(folder, 'epochs', resume=True)
    assert sorted(folder.glob('*.pth')) == before


def test_a_given_checkpoint_is_not_replaced_by_another(preempted):
    folder = preempted('epochs')
    (folder / 'epoch_2.pth').write_bytes(b'')
    with pytest.raises(CheckpointError, match=r'epoch_2\.pth: cannot be read'):
        train(folder, 'epochs', resume=True, load_from=str(folder / 'epoch_2.pth'))
