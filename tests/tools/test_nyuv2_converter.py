"""nyu_depth_v2_labeled.mat in miniature -> both NYUv2 folders -> the datasets."""

import cv2
import numpy as np
import pytest
import scipy.io
from official_trees import as_image, save, unit_vectors, write_mat, write_nyu_arrays, write_nyu_mat
from PIL import Image

from mmmtl.datasets import NYUDMT, NYUv2
from mmmtl.datasets.benchmarks.nyu_classes import FORTY_TO_THIRTEEN
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Depth, Normal, SemSeg

PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]
# class of 40 for each raw class of the miniature; raw classes count from 1, 0 = unlabelled
FORTY = np.array([0, 23, 40, 1, 2, 4, 14])
CROP = np.s_[45:470, 40:600]  # the 425 x 560 crop of NYUv2


def tasks(classes) -> dict:
    return {'semseg': SemSeg('semseg', classes=classes), 'depth': Depth('depth'), 'normal': Normal('normal')}


@pytest.fixture
def run(tool, mmmtl_command, monkeypatch):
    """Convert in this process, with a small radius, so that normals are fast."""
    module = tool('dataset_converters/nyuv2')
    monkeypatch.setattr(module, 'SENSOR_RADIUS', 1)

    def convert(paths, dst, layout, *more):
        arguments = [
            paths['src'],
            dst,
            '--format',
            layout,
            '--splits',
            paths['splits'],
            '--classes40',
            paths['classes40'],
            *more,
        ]
        mmmtl_command('convert-dataset', 'nyuv2', *arguments)

    return convert


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    return write_nyu_mat(tmp_path_factory.mktemp('nyu'))


def raw_labels(frame: int) -> np.ndarray:
    rows, columns = np.mgrid[:480, :640]
    return (rows // 60 + columns // 80 + frame - 1) % 7


def test_to_mtan(run, source, tmp_path):
    run(source, tmp_path, 'mtan')
    train, val = (
        NYUv2(root=str(tmp_path), split=split, partial=True, tasks=tasks(NYUv2.CLASSES), pipeline=PIPELINE)
        for split in ('train', 'val')
    )
    assert (len(train), len(val)) == (2, 1)
    for dataset, number, frame in ((val, 0, 1), (train, 0, 2), (train, 1, 3)):
        sample = dataset[number]['data_samples'][0]
        rows, columns = (
            np.floor((np.arange(new) + 0.5) * old / new).astype(int) for new, old in ((288, 425), (384, 560))
        )
        truth = FORTY_TO_THIRTEEN[FORTY[raw_labels(frame)]][CROP][rows][:, columns].astype(int)
        agrees = sample.gt.semseg[0].numpy() == np.where(truth == 0, 255, truth - 1)
        assert agrees.mean() > 0.99  # nearest neighbours differ where two are equally near
        np.testing.assert_allclose(sample.gt.depth[0, 5], 1 + frame + (40 + columns) / 640, atol=0.003)
        normal = sample.gt.normal[:, 10:-10, 10:-10].mean((1, 2))
        assert normal[2] < -0.9 and normal[0] > 0.05  # a wall that recedes to the right faces left: derived from depth
        factors = np.array([[384 / 560], [288 / 425], [1]])
        expected = np.array([[518.8579, 0, 286.0824], [0, 519.4696, 209.2362], [0, 0, 1]]) * factors
        np.testing.assert_allclose(sample.intrinsics, expected, rtol=1e-5)
    assert (tmp_path / 'train' / 'frames.txt').read_text() == '2\n3\n'


def test_to_sak(run, source, tmp_path):
    run(source, tmp_path, 'sak')
    assert (tmp_path / 'gt_sets' / 'train.txt').read_text() == '0002\n0003\n'
    dataset = NYUDMT(
        root=str(tmp_path),
        split='train',
        partial=True,
        pipeline=PIPELINE,
        tasks=tasks(NYUDMT.CLASSES) | {'edge': SemSeg('edge', classes=('none', 'edge'))},
    )
    sample = dataset[1]['data_samples'][0]
    truth = FORTY[raw_labels(3)][CROP]
    np.testing.assert_array_equal(sample.gt.semseg[0], np.where(truth == 0, 255, truth - 1))
    np.testing.assert_allclose(sample.gt.depth[0, 0], 4 + np.arange(40, 600) / 640, atol=1e-5)
    edges = np.unique(np.nonzero(sample.gt.edge[0, :5].numpy())[1])  # rows 45-49, far from the border below
    away = [min((column + 40) % 80, -(column + 40) % 80) for column in edges]
    # labels grow 8 pixels into unlabelled gaps, where the edge then lies
    assert all(distance <= 1 or 7 <= distance <= 9 for distance in away) and len(edges) >= 7


def test_unlabelled_seams_have_one_edge_and_not_two(tool, tmp_path):
    labels = np.full((1, 480, 640), 3)
    labels[:, :, 300:] = 4
    labels[:, :, 298:304] = 0  # a seam
    labels[:, :, 500:560] = 0  # a gap
    names = ('book', 'bottle', 'wall', 'floor')
    write_nyu_arrays(tmp_path / 'a.mat', np.zeros((1, 480, 640, 3)), labels, labels, names)
    mapping = write_nyu_mat(tmp_path / 'other', count=1)['classes40']
    edges = tool('dataset_converters/nyuv2').Frames(tmp_path / 'a.mat', mapping, None, (1, 1, 1)).edges(1)
    columns = np.flatnonzero(edges[5:-5].all(0)) + 40
    assert len(columns) == 3 and np.abs(columns - (301, 508, 552)).max() <= 2
    assert edges[5:-5].sum() == 3 * 415


def test_supplied_normals_are_cropped_with_the_given_signs(run, source, tmp_path):
    pictures = {}
    for frame in (1, 2, 3):
        vectors = unit_vectors(np.random.default_rng(frame), (480, 640)) * (1, -1, -1)
        pictures[frame] = as_image(vectors)
        save(tmp_path / 'normals' / ('train' if frame > 1 else 'test') / f'{frame:05d}.png', pictures[frame])
    run(source, tmp_path / 'out', 'sak', '--normals', tmp_path / 'normals', '--normal-signs', 1, -1, -1)
    for frame, picture in pictures.items():
        written = np.array(Image.open(tmp_path / 'out' / 'normals' / f'{frame:04d}.png')).astype(int)
        expected = picture[CROP].astype(int)
        expected[..., 1:] = 255 - expected[..., 1:]
        assert np.abs(written - expected).max() <= 2


def test_a_second_run_writes_only_incomplete_files(run, source, tmp_path, capsys):
    run(source, tmp_path, 'sak')
    kept, lost = tmp_path / 'depth' / '0001.npy', tmp_path / 'depth' / '0002.npy'
    whole, before = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.write_bytes(whole[:-10])
    capsys.readouterr()
    run(source, tmp_path, 'sak')
    assert lost.read_bytes() == whole and kept.stat().st_mtime_ns == before
    assert f'{tmp_path / "depth"}: 1 written, 2 there already' in capsys.readouterr().out


def test_sources_that_do_not_fit_end_in_one_line(run, source, tmp_path, refused):
    def other(**paths):
        return refused(run, source | paths, tmp_path / 'out', 'sak').error

    assert 'no such file' in other(src=tmp_path / 'none.mat')
    assert 'MATLAB 7.3' in other(src=source['splits'])
    assert 'trainNdxs' in other(splits=source['classes40'])
    assert 'allClassName' in other(classes40=source['splits'])
    write_mat(tmp_path / 'splits.mat', trainNdxs=np.array([[2], [3]]), testNdxs=np.array([[3]]))
    assert 'each of which must be in one of the splits' in other(splits=tmp_path / 'splits.mat')
    ones = np.ones((1, 480, 640))
    write_nyu_arrays(tmp_path / 'a.mat', np.zeros((1, 480, 640, 3)), ones, ones, ('ufo',))
    assert "'ufo'" in other(src=tmp_path / 'a.mat')
    write_nyu_arrays(tmp_path / 'b.mat', np.zeros((1, 48, 64, 3)), ones[:, ::10, ::10], ones[:, ::10, ::10], ('book',))
    assert '480 x 640' in other(src=tmp_path / 'b.mat')
    (tmp_path / 'empty').mkdir()
    line = refused(run, source, tmp_path / 'out', 'sak', '--normals', tmp_path / 'empty').error
    assert 'no PNG files that are named by frame number' in line


def test_real_frames(run, tmp_path, data_root):
    """Frames 1, 2 and 9 with their published 40 and 13 classes, through the .mat format, come out the same."""
    real = data_root / 'real' / 'nyuv2'
    if not (real / 'depth').is_dir():
        pytest.skip('no real NYU frames')
    read = {
        kind: [np.array(Image.open(real / kind / f'{name}.png')) for name in ('0001', '0002', '0009')]
        for kind in ('rgb', 'depth', 'label40', 'label13')
    }
    mapping = scipy.io.loadmat(real / 'meta' / 'classMapping40.mat', simplify_cells=True)
    names = tuple(str(mapping['allClassName'][list(mapping['mapClass']).index(number)]) for number in range(1, 41))
    paths = {
        'src': tmp_path / 'nyu.mat',
        'splits': tmp_path / 'splits.mat',
        'classes40': real / 'meta' / 'classMapping40.mat',
    }
    images, depths, labels = (np.stack(read[kind]) for kind in ('rgb', 'depth', 'label40'))
    write_nyu_arrays(paths['src'], images, depths / 1000, labels, names)
    write_mat(paths['splits'], trainNdxs=np.array([[2], [3]]), testNdxs=np.array([[1]]))
    run(paths, tmp_path / 'sak', 'sak')
    run(paths, tmp_path / 'mtan', 'mtan')
    for split, frames in {'train': (1, 2), 'val': (0,)}.items():
        options = dict(split=split, partial=True, pipeline=PIPELINE)
        fine = NYUDMT(root=str(tmp_path / 'sak'), tasks=tasks(NYUDMT.CLASSES), **options)
        coarse = NYUv2(root=str(tmp_path / 'mtan'), tasks=tasks(NYUv2.CLASSES), **options)
        for number, frame in enumerate(frames):
            truth = read['label40'][frame][CROP].astype(int)
            found = fine[number]['data_samples'][0].gt.semseg[0]
            np.testing.assert_array_equal(found, np.where(truth == 0, 255, truth - 1))
            truth = cv2.resize(read['label13'][frame][CROP], (384, 288), interpolation=cv2.INTER_NEAREST_EXACT)
            found = coarse[number]['data_samples'][0].gt.semseg[0]
            np.testing.assert_array_equal(found, np.where(truth == 0, 255, truth.astype(int) - 1))
            np.testing.assert_array_equal(fine[number]['inputs'][0].permute(1, 2, 0), read['rgb'][frame][CROP])
