"""Cityscapes' archives in miniature -> the official tree and MTAN's arrays, both loaded again."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets import Cityscapes, CityscapesMTAN
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Depth, SemSeg

PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]
SIZE = 256, 512


def png(values: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(values).save(content, 'PNG')
    return content.getvalue()


@pytest.fixture
def archives(tmp_path) -> Path:
    """Two images of training, one of validation, one of the test split; what nobody reads lies beside them."""
    folder = tmp_path / 'archives'
    folder.mkdir()
    files: dict[str, dict[str, bytes]] = {}
    images = ('train', 'bochum', 0), ('train', 'aachen', 1), ('val', 'lindau', 2), ('test', 'bonn', 3)
    for split, city, number in images:
        stem = f'{split}/{city}/{city}_00000{number}_000019'
        labels = np.full(SIZE, 26, np.uint8)  # car
        labels[:, :256] = 4  # static, not evaluated
        disparity = np.full(SIZE, 256 * (number + 1) + 1, np.uint16)
        camera = {'extrinsic': {'baseline': 0.2}, 'intrinsic': {'fx': 500, 'fy': 500, 'u0': 255.5, 'v0': 127.5}}
        for kind, ending, content in (
            ('leftImg8bit', 'leftImg8bit.png', png(np.full((*SIZE, 3), 51 * number, np.uint8))),
            ('gtFine', 'gtFine_labelIds.png', png(labels)),
            ('gtFine', 'gtFine_color.png', b'colours'),
            ('gtFine', 'gtFine_polygons.json', b'{}'),
            ('disparity', 'disparity.png', png(disparity)),
            ('camera', 'camera.json', json.dumps(camera).encode()),
        ):
            files.setdefault(kind, {})[f'{kind}/{stem}_{ending}'] = content
    for kind, members in files.items():
        with zipfile.ZipFile(folder / f'{kind}_trainvaltest.zip', 'w') as archive:
            archive.writestr('README', 'read me')
            for name, content in members.items():
                archive.writestr(name, content)
    return folder


@pytest.fixture
def convert(tool, mmmtl_command, monkeypatch):
    def run(*arguments: object) -> None:
        script = tool('dataset_converters/cityscapes')
        monkeypatch.setattr(script, 'COUNTS', {'train': 2, 'val': 1})
        mmmtl_command('convert-dataset', 'cityscapes', *arguments)

    return run


def test_archives_become_a_tree_that_loads(archives, convert, tmp_path, capsys):
    root = tmp_path / 'cityscapes'
    convert(archives, root)
    assert 'leftImg8bit/train: 2 of 2' in capsys.readouterr().out
    assert len(list(root.rglob('*.*'))) == 3 * 4  # neither test images nor colours nor polygons
    tasks = {'semseg': SemSeg('semseg', Cityscapes.CLASSES), 'depth': Depth('depth')}
    dataset = Cityscapes(root=str(root), split='train', partial=True, tasks=tasks, pipeline=PIPELINE)
    sample = dataset[1]['data_samples'][0]
    assert sample.scene == 'bochum/bochum_000000_000019'
    assert sample.gt.semseg[0, 0, [0, -1]].tolist() == [255, 13]
    assert sample.gt.depth.unique().tolist() == [100]


def test_mtan_arrays(archives, convert, tmp_path, capsys):
    root = tmp_path / 'mtan'
    convert(archives, tmp_path / 'cityscapes', '--mtan', root)
    assert (root / 'train' / 'names.txt').read_text().split() == [
        'aachen/aachen_000001_000019',
        'bochum/bochum_000000_000019',
    ]
    shapes = {kind: np.load(root / 'val' / kind / '0.npy').shape for kind in ('image', 'label_7', 'depth')}
    assert shapes == {'image': (128, 256, 3), 'label_7': (128, 256), 'depth': (128, 256, 1)}
    assert np.unique(np.load(root / 'val' / 'label_7' / '0.npy')).tolist() == [-1, 6]
    tasks = {'semseg': SemSeg('semseg', CityscapesMTAN.CLASSES), 'depth': Depth('depth')}
    packed = CityscapesMTAN(root=str(root), split='train', partial=True, tasks=tasks, pipeline=PIPELINE)[0]
    assert packed['inputs'][0].unique().tolist() == [51]
    sample = packed['data_samples'][0]
    assert sample.gt.semseg[0, 0, [0, 127, 128, 255]].tolist() == [255, 255, 6, 6]
    assert sample.gt.depth.unique().tolist() == pytest.approx([513 / 65535])
    capsys.readouterr()
    convert(archives, tmp_path / 'cityscapes', '--mtan', root)
    told = capsys.readouterr().out
    assert f'{root}/train/image: 0 written, 2 there already' in told and 'aachen: 0 written' in told


def test_incomplete_data_is_reported(archives, convert, tmp_path, capsys):
    root = tmp_path / 'cityscapes'
    convert(archives, root)
    (root / 'gtFine' / 'val' / 'lindau' / 'lindau_000002_000019_gtFine_labelIds.png').unlink()
    (root / 'disparity' / 'train' / 'aachen' / 'aachen_000001_000019_disparity.png').unlink()
    with pytest.raises(SystemExit):
        convert(root, root)
    error = capsys.readouterr().err
    assert 'disparity/train lacks 1, the first is aachen/aachen_000001_000019' in error
    assert 'gtFine/val lacks 1, the first is lindau/lindau_000002_000019' in error  # a whole split is missing
    assert 'rightImg8bit' not in error  # a kind without any file counts as not downloaded
    for path in (root / 'leftImg8bit' / 'val').rglob('*.png'):
        path.unlink()
    with pytest.raises(SystemExit):
        convert(root, root)
    assert 'leftImg8bit/val has 0 of 1 images' in capsys.readouterr().err
