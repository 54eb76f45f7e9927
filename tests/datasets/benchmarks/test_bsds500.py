"""BSDS500: the share of annotators, or every annotator apart; damaged files; the real images."""

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from mmmtl.datasets import BSDS500, BSDS500Fractions
from mmmtl.datasets.benchmarks.bsds500 import AnnotatedBoundaries
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Edge

PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]


def write_mat(path: Path, maps: list[np.ndarray]) -> None:
    """As the archive has it: a 1 x A cell of 1 x 1 structs with Segmentation and Boundaries."""
    cell = np.empty((1, len(maps)), object)
    for number, boundaries in enumerate(maps):
        cell[0, number] = {'Segmentation': boundaries.astype(np.uint16), 'Boundaries': boundaries.astype(np.uint8)}
    scipy.io.savemat(path, {'groundTruth': cell})


@pytest.fixture
def official(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    for split in ('train', 'test'):
        (tmp_path / 'images' / split).mkdir(parents=True)
        (tmp_path / 'groundTruth' / split).mkdir(parents=True)
        for name, size in (('12003', (6, 9)), ('8143', (9, 6))):
            Image.fromarray(np.zeros((*size, 3), np.uint8)).save(tmp_path / 'images' / split / f'{name}.jpg')
            write_mat(tmp_path / 'groundTruth' / split / f'{name}.mat', [rng.random(size) < 0.3 for _ in range(5)])
    return tmp_path


def load(root: Path, **edge) -> BSDS500:
    return BSDS500(root=str(root), split='train', partial=True, tasks={'edge': Edge('edge', **edge)}, pipeline=PIPELINE)


def test_the_share_of_annotators(official):
    dataset = load(official)
    maps = AnnotatedBoundaries(official / 'groundTruth' / 'train' / '12003.mat').annotators()
    assert maps.shape == (5, 6, 9) and maps.dtype == bool and 0.1 < maps.mean() < 0.5
    np.testing.assert_allclose(dataset[0]['data_samples'][0].gt.edge[0].numpy(), maps.mean(0), rtol=1e-6)
    assert dataset[1]['data_samples'][0].gt.edge.shape == (1, 9, 6)


def test_every_annotator_apart_the_missing_ones_void(official):
    label = load(official, annotators=9)[0]['data_samples'][0].gt.edge.numpy()
    maps = AnnotatedBoundaries(official / 'groundTruth' / 'train' / '12003.mat').annotators()
    assert label.shape == (9, 6, 9)
    np.testing.assert_array_equal(label[:5], maps)
    assert (label[5:] == 255).all()
    with pytest.raises(Exception, match='5 annotators, but edge has 3'):
        load(official, annotators=3)[0]


def test_damaged_annotations_are_named(official, data_error):
    path = official / 'groundTruth' / 'train' / '12003.mat'
    whole = path.read_bytes()
    scipy.io.savemat(tmp := official / 'other.mat', {'something': 1})
    for content in (b'', b'no mat file', whole[: len(whole) // 2], tmp.read_bytes()):
        path.write_bytes(content)
        with data_error(path):
            AnnotatedBoundaries(path).annotators()
    for maps in ([np.zeros((2, 2)), np.zeros((3, 2))], [np.full((2, 2), 7)]):
        write_mat(path, maps)
        with data_error(path, 'expected'):
            AnnotatedBoundaries(path).annotators()
    with data_error(official / 'missing.mat'):
        AnnotatedBoundaries(official / 'missing.mat').annotators()


def test_counts_and_missing_files(official, data_error):
    options = dict(root=str(official), tasks={'edge': Edge('edge')}, pipeline=PIPELINE)
    with data_error(official / 'images' / 'train', '200'):
        BSDS500(split='train', **options)
    (official / 'groundTruth' / 'train' / '8143.mat').unlink()
    with data_error(official / 'groundTruth' / 'train' / '8143.mat'):
        BSDS500(split='train', partial=True, **options)


def test_merged_maps(tmp_path, data_error):
    (tmp_path / 'val').mkdir()
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(tmp_path / 'val' / '7.jpg')
    Image.fromarray(np.array([[0, 51, 255, 102, 204, 153]] * 4, np.uint8)).save(tmp_path / 'val' / '7.png')
    options = dict(root=str(tmp_path), split='val', tasks={'edge': Edge('edge')}, pipeline=PIPELINE)
    edge = BSDS500Fractions(partial=True, **options)[0]['data_samples'][0].gt.edge
    np.testing.assert_allclose(edge[0, 0], [0, 0.2, 1, 0.4, 0.8, 0.6], atol=1e-6)
    with data_error(tmp_path / 'val', '100'):
        BSDS500Fractions(**options)


def test_the_real_images(data_root):
    edge = Edge('edge', annotators=9)
    names = sorted(path.stem for path in (data_root / 'real' / 'bsds500' / 'images').glob('*.jpg'))
    truths = [next((data_root / 'real' / 'bsds500').glob(f'*/{name}.mat')) for name in names]
    for name, path in zip(names, truths, strict=True):
        label = AnnotatedBoundaries(path).load(edge)
        edge.check(label)
        size = Image.open(data_root / 'real' / 'bsds500' / 'images' / f'{name}.jpg').size
        assert label.shape == (*size[::-1], 9)
        annotators = (label[..., :] != 255).any((0, 1)).sum()
        assert 4 <= annotators <= 9 and 0.002 < label[..., :annotators].mean() < 0.1
    for split, count in (('train', 200), ('val', 100)):
        dataset = BSDS500Fractions(
            root=str(data_root / 'real_bench' / 'bsds500'), split=split, tasks={'edge': Edge('edge')}, pipeline=PIPELINE
        )
        assert len(dataset) == count
        fraction = dataset[0]['data_samples'][0].gt.edge
        assert 0 < (fraction > 0).float().mean() < 0.3 and fraction.max() <= 1
