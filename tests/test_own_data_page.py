"""The commands of the page on own data, run in order: on tiny images, and on photographs of rooms."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled_folders import save
from own_photographs import write_photographs
from PIL import Image

from mmmtl.apis import load_config
from mmmtl.cli.main import main
from mmmtl.registry import DATASETS

PAGE = Path(__file__).parents[1] / 'docs' / 'own_data.md'
FAST = dict(
    train='--cfg-options train_cfg.max_iters=2 train_cfg.val_interval=2 '
    'default_hooks.checkpoint.interval=2 train_dataloader.batch_size=2 train_dataloader.num_workers=0 '
    'val_dataloader.num_workers=0',
    test='--cfg-options test_dataloader.num_workers=0',
)


def commands(iterations: int) -> list[list[str]]:
    """The commands of the page, with the checkpoint of a shorter run."""
    blocks = re.findall(r'^```bash\n(.*?)^```', PAGE.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace('iter_600', f'iter_{iterations}').splitlines()]
    assert [line.split()[1] for line in lines] == ['new-project', 'check-data', 'train', 'test', 'predict']
    return [shlex.split(line)[1:] for line in lines]


def write_tiny(root: Path) -> None:
    """Images of 32 x 40 pixels; half of them have masks, some have depth."""
    for number in range(12):
        rng = np.random.default_rng(number)
        save(root / 'images' / f'{number}.jpg', rng.integers(0, 256, (32, 40, 3)).astype(np.uint8))
        if number % 2:
            save(root / 'masks' / f'{number}.png', rng.integers(0, 3, (32, 40)).astype(np.uint8))
        if number > 3:
            save(root / 'depth' / f'{number}.png', rng.integers(500, 4000, (32, 40)).astype(np.uint16))
    (root / 'classes.txt').write_text('floor\nwall\nchair\n')


@pytest.mark.slow
def test_from_tiny_images_to_predictions(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_tiny(tmp_path / 'photos')
    for name, *arguments in commands(2):
        try:
            main([name, *arguments, *FAST.get(name, '').split()])
        except SystemExit as end:
            assert not end.code, capsys.readouterr().err
    assert len((tmp_path / 'photos.py').read_text().splitlines()) <= 25
    (schedule,) = torch.load(tmp_path / 'work_dirs' / 'photos' / 'iter_2.pth', weights_only=True)['param_schedulers']
    assert schedule['end'] == schedule['length'] == 2
    depth = np.load(tmp_path / 'predictions' / '3.jpg.depth.npy')
    assert depth.shape == (32, 40) and np.isfinite(depth).all()
    assert np.asarray(Image.open(tmp_path / 'predictions' / '3.jpg.semseg.png')).max() < 3
    assert len(list((tmp_path / 'predictions').glob('*.jpg.sheet.png'))) == 12


def block(path: Path) -> str:
    """The Python part of the config that the page shows."""
    shown = re.search(r'^```python\n(from mmengine.*?)^```', PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return shown[1].replace('/home/me/photos', str(path))


@pytest.mark.slow
def test_the_page_shows_the_config_of_photographs(data_root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write_photographs(data_root / 'real' / 'nyuv2', tmp_path / 'photos')
    main(['new-project', 'photos'])
    text = (tmp_path / 'photos.py').read_text()
    assert text.split('\n', 2)[2].replace("model['backbone'].update(pretrained=False)\n", '').replace(
        "optim_wrapper['optimizer'].update(lr=2e-3)\n", ''
    ) == block(root)


def test_several_folders(tmp_path, monkeypatch):
    """The lines of the page, at the end of the config, add the images of another folder."""
    monkeypatch.chdir(tmp_path)
    for folder in ('photos', 'office'):
        write_tiny(tmp_path / folder)
    main(['new-project', 'photos'])
    config = tmp_path / 'photos.py'
    alone = len(DATASETS.build(load_config(config).train_dataloader.dataset))
    lines = re.search(r'^```python\n(from mmmtl.datasets.*?)^```', PAGE.read_text(), re.MULTILINE | re.DOTALL)
    config.write_text(config.read_text() + lines[1].replace('/home/me', str(tmp_path)))
    both = DATASETS.build(load_config(config).train_dataloader.dataset)
    assert len(both) == 2 * alone and [part.root.name for part in both.parts.values()] == ['photos', 'office']


@pytest.mark.check
def test_from_photographs_to_predictions(data_root, tmp_path):
    """60 iterations; the network must know the depth of its training images better than a constant does."""
    write_photographs(data_root / 'real' / 'nyuv2', tmp_path / 'photos')
    shorter = '--cfg-options train_cfg.max_iters=60 train_cfg.val_interval=60 default_hooks.checkpoint.interval=60'
    for name, *arguments in commands(60):
        added = shorter.split() if name == 'train' else []
        done = subprocess.run(
            [sys.executable, '-m', 'mmmtl', name, *arguments, *added], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    errors = {'network': [], 'constant': []}
    for path in sorted((tmp_path / 'photos' / 'depth').iterdir()):
        truth = _metres(path)
        predicted = np.load(tmp_path / 'predictions' / f'{path.stem}.jpg.depth.npy')
        assert predicted.shape == truth.shape
        errors['network'].append(np.mean(np.abs(predicted - truth) / truth))
        errors['constant'].append(np.mean(np.abs(2.9 - truth) / truth))
    assert np.mean(errors['network']) < np.mean(errors['constant']), errors


def _metres(path: Path) -> np.ndarray:
    from mmmtl.files.reading import read_array

    return read_array(path) / 1000
