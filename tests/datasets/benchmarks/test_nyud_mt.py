"""NYUD-v2 with 40 classes from SAK's PNG and npy files."""

import shutil

import numpy as np
import pytest
from official_trees import write_nyud_sak
from PIL import Image

from mmmtl.datasets import NYUDMT
from mmmtl.datasets.transforms import LoadViews, PackViews, Pad
from mmmtl.tasks import Depth, Edge, Normal, SemSeg

TASKS = {
    'semseg': SemSeg('semseg', classes=NYUDMT.CLASSES),
    'depth': Depth('depth'),
    'normal': Normal('normal'),
    'edge': Edge('edge'),
}


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_nyud_sak(tmp_path_factory.mktemp('nyud'))


def build(root, split='train', partial=True, steps=(), **options) -> NYUDMT:
    pipeline = [dict(type=LoadViews), *steps, dict(type=PackViews)]
    return NYUDMT(root=str(root), split=split, partial=partial, tasks=TASKS, pipeline=pipeline, **options)


@pytest.mark.parametrize('split', ['train', 'val'])
def test_every_label_file_is_decoded(root, split):
    dataset = build(root, split)
    assert [record.name for record in dataset.records] == (root / 'gt_sets' / f'{split}.txt').read_text().split()
    for number, record in enumerate(dataset.records):
        packed = dataset[number]
        gt = {name: value.numpy() for name, value in packed['data_samples'][0].gt.items()}
        stored = {
            name: np.array(Image.open(root / name / f'{record.name}.png'))
            for name in ('images', 'segmentation', 'normals', 'edge')
        }
        np.testing.assert_array_equal(packed['inputs'][0].numpy().transpose(1, 2, 0), stored['images'])
        np.testing.assert_array_equal(gt['semseg'][0, 1:], stored['segmentation'][1:] - 1)
        np.testing.assert_array_equal(gt['edge'][0], stored['edge'] > 0)
        np.testing.assert_array_equal(gt['depth'][0], np.load(root / 'depth' / f'{record.name}.npy'))
        np.testing.assert_allclose(gt['normal'].transpose(1, 2, 0)[1:], stored['normals'][1:] / 127.5 - 1, atol=0.01)
        assert (gt['semseg'][:, 0] == 255).all() and not gt['depth'][:, 0].any()


def test_grey_normals_are_void(root):
    """The published code takes (128, 128, 128) for a normal of length 0.007 and divides by it."""
    normal = build(root)[0]['data_samples'][0].gt.normal
    assert not normal[:, 0].any() and (normal[:, 1:].norm(dim=0) > 0.99).all()


def test_camera_of_the_toolbox_and_of_the_padded_image(root):
    """fx fy cx cy at 425 x 560, and after 8 columns and 11 rows were added; pixel centres at +0.5."""
    intrinsics = build(root)[0]['data_samples'][0].intrinsics
    np.testing.assert_allclose(
        intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]], (518.8579, 519.4696, 286.0824, 209.2362), atol=1e-3
    )
    padded = build(root, steps=[dict(type=Pad, size=(448, 576))])[0]
    assert padded['inputs'][0].shape == (3, 448, 576)
    np.testing.assert_allclose(padded['data_samples'][0].intrinsics[:2, 2], (294.0824, 220.2362), atol=1e-3)


def test_forty_names():
    assert len(set(NYUDMT.CLASSES)) == 40


def test_missing_files_are_errors_or_left_out(tmp_path, root, data_error):
    with data_error(root / 'gt_sets' / 'train.txt', '2 images, but the official split has 795'):
        build(root, partial=False)
    shutil.copytree(root, tmp_path / 'set')
    (tmp_path / 'set' / 'edge' / '0001.png').unlink()
    (tmp_path / 'set' / 'images' / '0002.png').unlink()
    (record,) = build(tmp_path / 'set').records
    assert record.name == '0001' and record.label_names() == {'semseg', 'depth', 'normal'}
    (tmp_path / 'set' / 'gt_sets' / 'val.txt').unlink()
    with data_error(tmp_path / 'set' / 'gt_sets' / 'val.txt', 'cannot be read'):
        build(tmp_path / 'set', 'val')


def test_other_sizes_are_refused(tmp_path, data_error):
    root = write_nyud_sak(tmp_path, count=1, size=(100, 120))
    with data_error(root / 'images' / '0001.png', 'expected 425 x 560'):
        build(root)
