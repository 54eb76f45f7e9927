"""The checkpoint to resume from is the newest one that can be read."""

import pickle
import random

import pytest
import torch

from mmmtl.checkpoints import latest_checkpoint as latest_checkpoint_module
from mmmtl.checkpoints.checkpoint import read_checkpoint, write_checkpoint
from mmmtl.checkpoints.latest_checkpoint import ReadableCheckpoint, latest_checkpoint, latest_readable_checkpoint
from mmmtl.errors import CheckpointError, DamagedCheckpointError


def test_the_latest_is_the_one_with_the_largest_number(tmp_path):
    assert latest_checkpoint(tmp_path) is None and latest_checkpoint(tmp_path / 'absent') is None
    for name in (
        'epoch_2.pth',
        'epoch_10.pth',
        'best_depth_abs_rel_epoch_12.pth',
        '.epoch_11.pth.77.tmp',
        'epoch_99.pt',
        'iter_x.pth',
        'my_epoch_50.pth',
        'last_checkpoint',
    ):
        (tmp_path / name).touch()
    assert latest_checkpoint(tmp_path).name == 'epoch_10.pth'
    (tmp_path / 'epoch_9_iter_95.pth').touch()
    assert latest_checkpoint(tmp_path).name == 'epoch_10.pth'
    for name in ('epoch_10_iter_101.pth', 'epoch_10_iter_99.pth'):
        (tmp_path / name).touch()
    assert latest_checkpoint(tmp_path).name == 'epoch_10_iter_101.pth'
    (tmp_path / 'iter_400.pth').touch()
    assert latest_checkpoint(str(tmp_path)).name == 'iter_400.pth'


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def empty(content: bytes) -> bytes:
    return b''


def zeros(content: bytes) -> bytes:
    """As a disk returns it that lost its power before it wrote the blocks."""
    return bytes(len(content))


def first_block_lost(content: bytes) -> bytes:
    return bytes(512) + content[512:]


def flipped(content: bytes) -> bytes:
    damaged, rng = bytearray(content), random.Random(0)
    start = content.index(b'some weights')
    for index in rng.sample(range(start, start + 12), 3):
        damaged[index] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def no_checkpoint(content: bytes) -> bytes:
    return b'<html>404 Not Found</html>'


DAMAGES = [truncated, empty, zeros, first_block_lost, flipped, no_checkpoint]


@pytest.fixture
def epochs(tmp_path):
    """Three checkpoints."""
    for epoch in (1, 2, 3):
        content = {'state_dict': {'weight': torch.full((9, 9), epoch)}, 'meta': {'text': 'some weights'}}
        write_checkpoint(content, tmp_path / f'epoch_{epoch}.pth')
    return tmp_path


def test_recipe_and_seed_are_those_of_the_checkpoint(epochs):
    meta = {'recipe': 'a digest', 'seed': 5}
    write_checkpoint({'state_dict': {}, 'meta': meta}, epochs / 'epoch_4.pth')
    found = latest_readable_checkpoint(epochs)
    assert (found.file, found.recipe, found.seed) == (epochs / 'epoch_4.pth', 'a digest', 5)


@pytest.mark.parametrize('damage', DAMAGES)
def test_damaged_ones_are_skipped_with_a_line_each(epochs, damage):
    assert latest_readable_checkpoint(epochs) == ReadableCheckpoint(epochs / 'epoch_3.pth')
    for kept, first in ((2, 'epoch_3'), (1, 'epoch_3')):
        damaged = epochs / f'epoch_{kept + 1}.pth'
        damaged.write_bytes(damage(damaged.read_bytes()))
        found = latest_readable_checkpoint(epochs)
        assert found.file == epochs / f'epoch_{kept}.pth'
        assert [path.stem for path in found.damaged] == ['epoch_3', 'epoch_2'][: 3 - kept]
        lines = found.warnings()
        assert len(lines) == 3 - kept and f'{first}.pth: cannot be read' in lines[0]
        assert all(line.endswith(f'resuming from the earlier {found.file} instead') for line in lines)
        assert not any('\n' in line for line in lines)


@pytest.mark.parametrize('damage', DAMAGES)
def test_a_run_does_not_start_anew_if_all_are_damaged(epochs, damage):
    for path in epochs.iterdir():
        path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        CheckpointError, match=rf'epoch_3\.pth: cannot be read.*and {epochs} has no earlier one'
    ) as told:
        latest_readable_checkpoint(epochs)
    assert '\n' not in str(told.value)


def test_no_checkpoint_is_no_error(tmp_path):
    assert latest_readable_checkpoint(tmp_path) == ReadableCheckpoint()
    assert latest_readable_checkpoint(tmp_path / 'absent') == ReadableCheckpoint()


def test_a_file_that_could_run_code_is_an_error_and_not_skipped(epochs):
    torch.save({'state_dict': {}, 'extra': [print]}, epochs / 'epoch_4.pth')
    with pytest.raises(CheckpointError, match='refused'):
        latest_readable_checkpoint(epochs)


def test_a_file_that_a_running_training_replaces_meanwhile(epochs, monkeypatch):
    def read(path):
        if path.name == 'epoch_3.pth':
            path.rename(epochs / 'epoch_4.pth')
        return read_checkpoint(path)

    monkeypatch.setattr(latest_checkpoint_module, 'read_checkpoint', read)
    assert latest_readable_checkpoint(epochs) == ReadableCheckpoint(epochs / 'epoch_4.pth')


def test_what_last_checkpoint_contains_has_no_effect(epochs):
    for content in ('', '/absent/epoch_7.pth', str(epochs / 'epoch_1.pth'), '\0\xff'):
        (epochs / 'last_checkpoint').write_text(content)
        assert latest_readable_checkpoint(epochs).file == epochs / 'epoch_3.pth'


def test_the_error_survives_another_process():
    error = pickle.loads(pickle.dumps(DamagedCheckpointError('a.pth: damaged', 'use another')))
    assert (str(error), error.reason) == ('a.pth: damaged; use another', 'a.pth: damaged')
