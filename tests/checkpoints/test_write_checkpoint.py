"""Writing a checkpoint: the file is the old one or the new one, never half."""

import errno
import os
import subprocess
import sys

import pytest
import torch

from mmmtl.checkpoints.checkpoint import read_checkpoint, write_checkpoint
from mmmtl.errors import CheckpointError


@pytest.mark.parametrize('error', [OSError(errno.ENOSPC, 'No space left on device'), RuntimeError('write failed\nat')])
@pytest.mark.parametrize('there_is_an_old_one', [True, False])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, error, there_is_an_old_one):
    path = tmp_path / 'epoch_2.pth'
    if there_is_an_old_one:
        write_checkpoint({'state_dict': {'old': torch.ones(1)}}, path)

    def save_some(content, file) -> None:
        file.write(b'half of it')
        file.flush()
        assert len(os.listdir(tmp_path)) == 1 + there_is_an_old_one  # so there was something to clean up
        raise error

    monkeypatch.setattr(torch, 'save', save_some)
    with pytest.raises(CheckpointError, match=r'epoch_2\.pth: cannot write .*(No space left|write failed)') as told:
        write_checkpoint({'state_dict': {}}, path)
    assert '; free some space' in str(told.value) and '\n' not in str(told.value)
    assert os.listdir(tmp_path) == (['epoch_2.pth'] if there_is_an_old_one else [])
    if there_is_an_old_one:
        assert 'old' in read_checkpoint(path)['state_dict']


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(CheckpointError, match=r'cannot write .*No such file.*; create the folder or choose another'):
        write_checkpoint({'state_dict': {}}, tmp_path / 'absent' / 'a.pth')


def test_an_error_without_a_message_is_named_by_its_class(tmp_path, monkeypatch):
    def fail(content, file) -> None:
        raise RuntimeError

    monkeypatch.setattr(torch, 'save', fail)
    with pytest.raises(CheckpointError, match=r'cannot write the checkpoint \(RuntimeError\)'):
        write_checkpoint({'state_dict': {}}, tmp_path / 'a.pth')


def test_an_error_of_a_device_is_not_one_of_the_disk(tmp_path):
    class Broken(torch.Tensor):
        def cpu(self):
            raise RuntimeError('CUDA error: device-side assert triggered')

        def detach(self):
            return self

    with pytest.raises(RuntimeError, match='^CUDA error'):
        write_checkpoint({'state_dict': {'a': torch.ones(1).as_subclass(Broken)}}, tmp_path / 'a.pth')
    assert os.listdir(tmp_path) == []


KILLED = """
import os, sys, torch
from mmmtl.checkpoints.checkpoint import write_checkpoint

def save_and_die(content, file):
    file.write(b'half of it')
    file.flush()
    os._exit(9)

torch.save = save_and_die
write_checkpoint({'state_dict': {'new': torch.ones(1)}}, sys.argv[1])
"""


def test_a_kill_while_writing_leaves_the_old_one(tmp_path):
    path = tmp_path / 'epoch_2.pth'
    write_checkpoint({'state_dict': {'old': torch.ones(1)}}, path)
    assert subprocess.run([sys.executable, '-c', KILLED, path], check=False).returncode == 9
    left = [name for name in os.listdir(tmp_path) if name != 'epoch_2.pth']
    assert len(left) == 1 and left[0].endswith('.tmp')  # it died in the middle
    assert list(read_checkpoint(path)['state_dict']) == ['old']
    write_checkpoint({'state_dict': {'new': torch.ones(1)}}, path)
    assert list(read_checkpoint(path)['state_dict']) == ['new']
