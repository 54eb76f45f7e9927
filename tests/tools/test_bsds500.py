"""BSDS500: the annotators of the official .mat files merged; the benchmark's own files come out again."""

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from mmmtl.datasets import BSDS500Fractions
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Edge


@pytest.fixture
def convert(mmmtl_command):
    def run(*arguments: object) -> None:
        mmmtl_command('convert-dataset', 'bsds500', *arguments)

    return run


def write_source(folder: Path, size: tuple[int, int]) -> Path:
    """One image; a vertical line at a third of the width, which four of five annotators drew."""
    for kind in ('images', 'groundTruth'):
        (folder / kind / 'val').mkdir(parents=True)
    cell = np.empty((1, 5), object)
    for number in range(5):
        boundaries = np.zeros(size, np.uint8)
        boundaries[:, size[1] // 3] = number > 0
        cell[0, number] = {'Segmentation': boundaries + 1, 'Boundaries': boundaries}
    scipy.io.savemat(folder / 'groundTruth' / 'val' / '7.mat', {'groundTruth': cell})
    Image.fromarray(np.zeros((*size, 3), np.uint8)).save(folder / 'images' / 'val' / '7.jpg')
    return folder


@pytest.mark.parametrize(('size', 'small'), [((321, 481), (216, 320)), ((481, 321), (320, 216))])
def test_the_share_of_annotators(convert, tmp_path, size, small, capsys):
    convert(write_source(tmp_path / 'data', size), tmp_path / 'out')
    assert 'val: 1 of 100 images' in capsys.readouterr().out
    dataset = BSDS500Fractions(
        root=str(tmp_path / 'out'),
        split='val',
        partial=True,
        tasks={'edge': Edge('edge')},
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    )
    edge = dataset[0]['data_samples'][0].gt.edge[0]
    assert edge.shape == small
    columns = edge[10].nonzero().ravel()
    assert len(columns) in (1, 2) and abs(columns.float().mean() / small[1] - 1 / 3) < 0.01
    assert edge[10, columns].tolist() == pytest.approx([0.8] * len(columns))
    convert(tmp_path / 'data', tmp_path / 'out')
    assert '0 written, 2 there already' in capsys.readouterr().out


def test_boundaries_of_another_size_are_named(convert, tmp_path, capsys):
    source = write_source(tmp_path / 'data', (321, 481))
    Image.fromarray(np.zeros((32, 48, 3), np.uint8)).save(source / 'images' / 'val' / '7.jpg')
    with pytest.raises(SystemExit):
        convert(source, tmp_path / 'out')
    assert str(source / 'groundTruth' / 'val' / '7.mat') in capsys.readouterr().err


def test_the_benchmark_can_be_made_again(convert, data_root, tmp_path):
    source, truth = tmp_path / 'data', data_root / 'real' / 'bsds500'
    (source / 'images').mkdir(parents=True)
    (source / 'groundTruth').mkdir()
    (source / 'images' / 'val').symlink_to(truth / 'images')
    (source / 'groundTruth' / 'val').symlink_to(next(truth.glob('*/*.mat')).parent)
    convert(source, tmp_path / 'out')
    made = sorted((tmp_path / 'out' / 'val').iterdir())
    assert len(made) == 40
    for path in made:
        theirs = data_root / 'real_bench' / 'bsds500' / 'val' / path.name
        if path.suffix == '.jpg':
            assert path.read_bytes() == theirs.read_bytes()
        else:
            np.testing.assert_array_equal(np.array(Image.open(path)), np.array(Image.open(theirs)))
