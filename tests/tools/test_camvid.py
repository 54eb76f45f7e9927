"""CamVid: SegNet's folders -> ours; the benchmark's own files come out byte for byte."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets import CamVid
from mmmtl.tasks import SemSeg


@pytest.fixture
def convert(mmmtl_command):
    def run(*arguments: object) -> None:
        mmmtl_command('convert-dataset', 'camvid', *arguments)

    return run


def write_source(folder: Path, label: np.ndarray) -> Path:
    for name in ('train', 'trainannot'):
        (folder / name).mkdir(parents=True)
    Image.fromarray(np.zeros((360, 480, 3), np.uint8)).save(folder / 'train' / '0001.png')
    Image.fromarray(label).save(folder / 'trainannot' / '0001.png')
    return folder


def test_folders_are_converted_and_kept(convert, tmp_path, capsys):
    source = write_source(tmp_path / 'CamVid', np.full((360, 480), 11, np.uint8))
    convert(source, tmp_path / 'out')
    assert 'train: 1 of 367 images' in capsys.readouterr().out
    dataset = CamVid(
        root=str(tmp_path / 'out'),
        split='train',
        partial=True,
        pipeline=[],
        tasks={'semseg': SemSeg('semseg', CamVid.CLASSES)},
    )
    assert len(dataset) == 1
    assert np.array(Image.open(tmp_path / 'out' / 'train' / '0001.png')).shape == (240, 320)
    convert(source, tmp_path / 'out')
    assert '0 written, 2 there already' in capsys.readouterr().out
    for folder in ('train', 'trainannot'):
        (source / folder / '._0001.png').write_bytes(b'\0\5\26\7')  # macOS leaves one beside each file on other disks
    convert(source, tmp_path / 'out')
    with pytest.raises(SystemExit):
        convert(source, tmp_path / 'out', '--size', 120, 160)
    assert 'train/0001.jpg: expected 120 x 160 pixels' in capsys.readouterr().err


@pytest.mark.parametrize('label', [np.full((360, 480), 12, np.uint8), np.zeros((36, 48), np.uint8)])
def test_wrong_label_maps_are_named(convert, tmp_path, capsys, label):
    source = write_source(tmp_path / 'CamVid', label)
    with pytest.raises(SystemExit):
        convert(source, tmp_path / 'out')
    assert str(source / 'trainannot' / '0001.png') in capsys.readouterr().err


def test_the_benchmark_can_be_made_again(convert, data_root, tmp_path):
    source = tmp_path / 'CamVid'
    for name, folder in (('train', 'rgb'), ('trainannot', 'label')):
        source.mkdir(exist_ok=True)
        (source / name).symlink_to(data_root / 'real' / 'camvid' / folder)
    convert(source, tmp_path / 'out')
    made = sorted((tmp_path / 'out' / 'train').iterdir())
    assert len(made) == 16
    for path in made:
        if path.suffix == '.jpg':
            assert path.read_bytes() == (data_root / 'real_bench' / 'camvid' / 'train' / path.name).read_bytes()
        else:
            theirs = data_root / 'real_bench' / 'camvid' / 'train' / path.name
            np.testing.assert_array_equal(np.array(Image.open(path)), np.array(Image.open(theirs)))
