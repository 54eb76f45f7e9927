"""tools/browse_dataset.py writes what the model will see, and says where."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
CONFIG = next((ROOT / 'configs' / 'baseline').glob('aspp_resnet18_*_rooms_full.py'))
SMALL = [
    'protocol=None',
    'train_dataloader.dataset.scenes=4',
    'train_dataloader.dataset.size=(48,64)',
    'val_dataloader.dataset.scenes=1',
    'val_dataloader.dataset.size=(48,64)',
]


@pytest.fixture
def browse(tmp_path, monkeypatch, capsys):
    """Run the tool in this process; returns what it printed."""
    monkeypatch.setenv('MMMTL_CACHE', str(tmp_path / 'cache'))

    def run(*arguments: str, options: list[str] = SMALL, out: str = 'out') -> tuple[str, str]:
        monkeypatch.setattr(
            sys,
            'argv',
            ['browse_dataset.py', str(CONFIG), '--out', str(tmp_path / out), *arguments, '--cfg-options', *options],
        )
        runpy.run_path(str(ROOT / 'tools' / 'browse_dataset.py'), run_name='__main__')
        return capsys.readouterr().out

    return run


def test_sheets_of_some_records(browse, tmp_path):
    said = browse('--count', '3')
    path = tmp_path / 'out' / f'{CONFIG.stem}-train.png'
    assert said.strip() == f'8 records; 3 views of 3 records: {path}'
    sheet = np.asarray(Image.open(path))
    assert sheet.shape[1] > 5 * 64 and sheet.shape[0] > 3 * 48  # image, overlay, three tasks
    assert sheet.std() > 20


def test_the_seed_decides_records_and_augmentation(browse, tmp_path):
    for out, seed in (('a', '1'), ('b', '1'), ('c', '2')):
        browse('--count', '2', '--seed', seed, out=out)
    a, b, c = ((tmp_path / out / f'{CONFIG.stem}-train.png').read_bytes() for out in 'abc')
    assert a == b != c


def test_another_split_and_all_views_of_a_scene(browse, tmp_path):
    said = browse('--split', 'val', options=[*SMALL, 'val_dataloader.dataset.view_mode=all'])
    assert said.startswith('1 records; 2 views of 1 records:')
    assert (tmp_path / 'out' / f'{CONFIG.stem}-val.png').is_file()


def test_a_mistake_is_one_line(browse, capsys):
    with pytest.raises(SystemExit) as caught:
        browse(options=['train_dataloader.dataset.scene=2'])
    assert caught.value.code == 2
    said = capsys.readouterr().err.strip()
    assert '\n' not in said and "no argument 'scene'; did you mean 'scenes'?" in said
