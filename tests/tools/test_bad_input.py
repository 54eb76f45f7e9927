"""Every kind of bad input ends a tool with exit code 2 and one line that names file or key; nothing half-written."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from tool_process import CONFIGS, ROOT, run

from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import SemSeg

CONFIG = CONFIGS / 'tiny_rooms.py'
POSED = ROOT / 'configs' / 'baseline' / 'aspp_resnet18_b8_30e_two_view_full.py'


@pytest.fixture
def rooms(tmp_path, rooms_cache, monkeypatch) -> Path:
    """The rooms of the tiny config, as files that a test may damage; returns the folder of a training scene."""
    for split, scenes in (('train', 10), ('val', 3), ('test', 3)):
        SyntheticRooms(
            split=split,
            scenes=scenes,
            num_views=1,
            size=(32, 40),
            pipeline=[],
            cache=str(rooms_cache),
            tasks={'semseg': SemSeg('semseg', classes=SyntheticRooms.CLASSES)},
        )
    copy = tmp_path / 'rooms'
    shutil.copytree(rooms_cache, copy)
    monkeypatch.setenv('MMMTL_CACHE', str(copy))
    (train,) = copy.glob('*-32x40-1views/train')  # others may have drawn other rooms
    return train / '00007'


@pytest.fixture
def work_dir(tmp_path) -> Path:
    """A work dir in which nothing half-written may be left, nor a result."""
    yield tmp_path / 'work'
    left = [path.name for path in (tmp_path / 'work').rglob('*')] if (tmp_path / 'work').is_dir() else []
    assert not [name for name in left if name.endswith(('.tmp', '.pth', 'metrics.json'))], left


def train(work_dir: Path, *options: str | Path, config: Path = CONFIG, **kwargs) -> str:
    """The one line with which training ends."""
    return run('train.py', config, '--work-dir', work_dir, *options, folder=work_dir.parent / 'output', **kwargs).error


# -- data: what is done to one scene's files, and what the line says of it


def remove(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def another_size(path: Path) -> None:
    np.savez(path, values=np.ones((16, 20), np.float32))


def text(path: Path) -> None:
    np.savez(path, values=np.full((32, 40), 'deep'))


def sixteen_bits(path: Path) -> None:
    cv2.imwrite(str(path), np.zeros((32, 40), np.uint16))


def class_77(path: Path) -> None:
    cv2.imwrite(str(path), np.full((32, 40), 77, np.uint8))


def nan(path: Path) -> None:
    np.savez(path, values=np.full((32, 40), np.nan, np.float32))


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize(
    ('name', 'damage', 'said'),
    [
        ('0_depth.npz', remove, 'no such file'),
        ('0_image.png', cut_off, 'cannot be read'),
        ('0_normal.npz', cut_off, 'cannot be read'),
        ('0_depth.npz', another_size, '16 x 20'),
        ('0_depth.npz', text, 'expected numbers'),
        ('0_image.png', sixteen_bits, '8 bits'),
        ('0_semseg.png', class_77, '77'),
        ('0_depth.npz', nan, 'NaN'),
    ],
)
def test_damaged_data(name: str, damage: Callable[[Path], None], said: str, workers: int, rooms, work_dir):
    damage(rooms / name)
    line = train(work_dir, '--cfg-options', f'train_dataloader.num_workers={workers}')
    assert line.startswith(f'error: {rooms / name}: ') and said in line


def test_missing_data_root(work_dir, monkeypatch):
    monkeypatch.delenv('MMMTL_DATA', raising=False)
    assert 'real_bench/two_view does not exist' in train(work_dir, config=POSED)


def test_empty_split(rooms, work_dir, tmp_path):
    assert 'empty' in train(work_dir, '--cfg-options', 'train_dataloader.dataset.scenes=0')
    (tmp_path / 'nothing').mkdir()
    line = train(work_dir, '--cfg-options', f'train_dataloader.dataset.root={tmp_path / "nothing"}', config=POSED)
    assert str(tmp_path / 'nothing') in line or 'empty' in line


# -- configs and options


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (['optim_wraper.optimizer.lr=5'], "'optim_wrapper'"),
        (['optim_wrapper.optimizer.learning_rate=5'], 'optim_wrapper.optimizer.learning_rate'),
        (['model.backbone.outindices=1'], "'out_indices'"),
        (['model.backbone.type=mmmtl.TimBackbone'], "'mmmtl.TimmBackbone'"),
        (['default_hooks.checkpoint.by_epoch=False'], 'default_hooks.checkpoint.by_epoch'),
        (['optim_wrapper.type=mmmtl.MixedPrecisionOptimWrapper', 'optim_wrapper.dtype=float16'], 'needs a GPU'),
    ],
)
def test_options(options, said, rooms, work_dir):
    assert said in train(work_dir, '--cfg-options', *options)


def test_missing_config(work_dir):
    assert f'{CONFIGS / "none.py"}: no such config' in train(work_dir, config=CONFIGS / 'none.py')


# -- checkpoints


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory) -> Path:
    """A good one, of two epochs."""
    folder = tmp_path_factory.mktemp('trained')
    done = run(
        'train.py',
        CONFIG,
        '--work-dir',
        folder,
        '--cfg-options',
        'train_cfg.max_epochs=2',
        folder=folder / 'output',
        environment={'MMMTL_CACHE': str(folder / 'rooms')},
    )
    assert done.code == 0, done.stderr
    return folder / 'epoch_2.pth'


@pytest.mark.parametrize(
    'arguments',
    [
        ['test.py', CONFIG, '{file}'],
        ['train.py', CONFIG, '--resume', '{file}'],
        ['train.py', CONFIG, '--cfg-options', 'load_from={file}'],
    ],
)
@pytest.mark.parametrize(
    ('kind', 'said'),
    [('missing', 'no such checkpoint'), ('cut off', 'damaged'), ('of a different architecture', 'backbone.model.stem')],
)
def test_checkpoints(kind, said, arguments, checkpoint, rooms, work_dir, tmp_path):
    file = tmp_path / 'given.pth'
    if kind == 'cut off':
        file.write_bytes(checkpoint.read_bytes()[:-1000])
    elif kind == 'of a different architecture':
        content = torch.load(checkpoint, weights_only=True)
        content['state_dict'] = {key.replace('stem', 'root'): value for key, value in content['state_dict'].items()}
        torch.save(content, file)
    tool, *arguments = (str(argument).format(file=file) for argument in arguments)
    line = run(tool, '--work-dir', work_dir, *arguments, folder=tmp_path / 'output').error
    assert str(file) in line and said in line


def test_weights_alone_and_another_seed_are_not_resumed(checkpoint, rooms, work_dir, tmp_path):
    assert 'randomness.seed=0' in train(work_dir, '--resume', checkpoint, '--cfg-options', 'randomness.seed=1')
    torch.save({'state_dict': torch.load(checkpoint, weights_only=True)['state_dict']}, tmp_path / 'weights.pth')
    assert 'it lacks meta, optimizer' in train(work_dir, '--resume', tmp_path / 'weights.pth')


def test_a_changed_batch_size_requires_confirmation_to_resume(checkpoint, rooms, work_dir):
    options = ['--cfg-options', 'train_dataloader.batch_size=2', 'train_cfg.max_epochs=2']
    assert 'train_dataloader.batch_size was 4 on 1 process, is 2' in (
        line := train(work_dir, '--resume', checkpoint, *options)
    )
    assert line.endswith('allow the change: --cfg-options resume_despite=batch')
    assert 'expected one or more of batch, images, labels, found optimizer' in train(
        work_dir, '--resume', checkpoint, *options, 'resume_despite=optimizer'
    )


# -- places to write to


def test_no_write_permission(checkpoint, rooms, tmp_path):
    (tmp_path / 'file').write_text('')
    for place in (tmp_path / 'file' / 'work', Path('/proc/work')):
        assert str(place) in run('train.py', CONFIG, '--work-dir', place, folder=tmp_path / 'output').error
        done = run(
            'test.py', CONFIG, checkpoint, '--work-dir', tmp_path / 'tested', '--out', place, folder=tmp_path / 'output'
        )
        assert str(place.parent) in done.error
    assert os.listdir(tmp_path / 'tested') and not list((tmp_path / 'tested').rglob('*.tmp'))


@pytest.mark.parametrize('room', [500, 60_000])
def test_full_disk(room, rooms, work_dir):
    line = train(work_dir, file_size=room)
    assert str(work_dir) in line and 'free some space' in line


def test_two_runs_in_one_work_dir(rooms, work_dir):
    with lock_work_dir(work_dir):
        assert f'{work_dir}: another run writes to this work dir' in train(work_dir)


def test_an_earlier_run_is_not_overwritten(checkpoint, rooms, tmp_path):
    before = checkpoint.read_bytes()
    done = run('train.py', CONFIG, '--work-dir', checkpoint.parent, folder=tmp_path / 'output')
    assert f'{checkpoint}: left by an earlier run' in done.error and '--resume' in done.error
    assert checkpoint.read_bytes() == before
