"""Middlebury's layout: calibration with doffs, float maps, and clear words for what is missing."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmmtl.datasets import Middlebury, StereoMatches
from mmmtl.datasets.label_readers.pseudo_disparity import encode_confidence, encode_disparity
from mmmtl.datasets.transforms import DisparityImage, LoadPseudoLabels, LoadViews, PackViews, RectifiedPair
from mmmtl.errors import ConfigError
from mmmtl.files.array_files import read_pfm
from mmmtl.tasks import Confidence, Depth

PIPELINE = [dict(type=LoadViews), dict(type=RectifiedPair), dict(type=PackViews)]
CALIBRATION = """cam0=[50 0 6.0; 0 50 4.0; 0 0 1]
cam1=[50 0 8.5; 0 50 4.0; 0 0 1]
doffs=2.5
baseline=200
width=12
height=8
ndisp=10
"""


def write_pfm(path: Path, values: np.ndarray) -> None:
    path.write_bytes(f'Pf\n{values.shape[1]} {values.shape[0]}\n-1.0\n'.encode() + values[::-1].astype('<f4').tobytes())


@pytest.fixture
def root(tmp_path) -> Path:
    folder = tmp_path / 'Attic'
    folder.mkdir()
    for number in (0, 1):
        Image.fromarray(np.full((8, 12, 3), 40 * number, np.uint8)).save(folder / f'im{number}.png')
    disparity = np.full((8, 12), 7.5, np.float32)
    disparity[0, 0], disparity[1, 2] = np.inf, 1.5
    write_pfm(folder / 'disp0.pfm', disparity)
    (folder / 'calib.txt').write_text(CALIBRATION)
    return tmp_path


def load(root: Path, **options) -> Middlebury:
    return Middlebury(root=str(root), tasks={'depth': Depth('depth')}, pipeline=PIPELINE, **options)


def test_depth_includes_doffs(root):
    left, right = load(root)[0]['data_samples']
    depth = left.gt.depth[0]
    assert depth[0, 0] == 0 and depth[1, 2] == pytest.approx(50 * 0.2 / 4) and depth[5, 5] == pytest.approx(1.0)
    assert 'depth' not in right.gt
    assert left.intrinsics[0, 2] == 6.5 and right.intrinsics[0, 2] == 9.0
    assert right.camera_T_world[0, 3] == pytest.approx(-0.2)


def test_a_float_map_of_either_byte_order(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    for order, scale in (('<', '-1'), ('>', '1')):
        path = tmp_path / f'{scale}.pfm'
        path.write_bytes(f'Pf\n3 2\n{scale}\n'.encode() + values[::-1].astype(f'{order}f4').tobytes())
        assert np.array_equal(read_pfm(path), values)


@pytest.mark.parametrize(
    ('name', 'content', 'words'),
    [
        ('calib.txt', CALIBRATION.replace('baseline=200', 'baseline=0'), 'baseline is 0 mm'),
        (
            'calib.txt',
            CALIBRATION.replace('doffs=2.5', 'doffs=0'),
            'doffs is 0, but the principal points are 2.5 apart',
        ),
        ('calib.txt', 'nonsense', 'expected a Middlebury calibration'),
        ('im1.png', None, 'right image of the pair'),
    ],
)
def test_what_is_wrong_is_named(root, data_error, name, content, words):
    path = root / 'Attic' / name
    path.write_text(content) if content else path.unlink()
    with data_error(path, words):
        load(root)


@pytest.fixture
def pseudo(tmp_path_factory) -> Path:
    """What a matcher without a fault has found for the pair: 7.5 pixels in the left view, 3 in the right one."""
    folder = tmp_path_factory.mktemp('pseudo') / 'Attic' / '0'
    folder.mkdir(parents=True)
    for number, pixels in enumerate((7.5, 3.0)):
        Image.fromarray(encode_disparity(np.full((8, 12), pixels, np.float32))).save(folder / f'{number}_disparity.png')
        Image.fromarray(encode_confidence(np.ones((8, 12), np.float32))).save(folder / f'{number}_confidence.png')
    return folder.parents[1]


def test_pseudo_disparity_includes_doffs(root, pseudo):
    steps = [*PIPELINE[:2], dict(type=LoadPseudoLabels, folder=str(pseudo))]
    plain, as_image = (
        Middlebury(root=str(root), tasks={'depth': Depth('depth')}, pipeline=[*steps, *more, PIPELINE[2]])[0]
        for more in ([], [dict(type=DisparityImage)])
    )
    left, right = plain['data_samples']
    assert left.gt.disparity[0, 5, 5] == pytest.approx((7.5 + 2.5) / 50)  # (d + doffs) / f = B / depth
    assert left.gt.disparity[0, 5, 5] == pytest.approx(0.2 / left.gt.depth[0, 5, 5].item())
    assert right.gt.disparity[0, 5, 5] == pytest.approx((3 + 2.5) / 50)
    for image, pixels in zip(as_image['inputs'], (7.5, 3.0), strict=True):
        torch.testing.assert_close(image, torch.full((3, 8, 12), pixels))


def test_matches_include_doffs(root, pseudo):
    matches = StereoMatches(
        pairs=dict(type='mmmtl.Middlebury', root=str(root)),
        folder=str(pseudo),
        tasks={'confidence': Confidence('confidence')},
        pipeline=[],
    )
    label = matches.records[0].views[0].labels['confidence'].load(Confidence('confidence'))
    assert label[5, 5] == 1 and label[1, 2] == 0  # found 7.5: true at the one, 1.5 at the other


def test_invalid_arguments_are_errors(root, data_error):
    with pytest.raises(ConfigError, match="view_mode must be 'single' or 'stereo'"):
        load(root, view_mode='both')
    (root / 'Attic' / 'disp0.pfm').write_bytes(b'PF\n12 8\n-1\n')
    with data_error(root / 'Attic' / 'disp0.pfm', 'cannot be read'):
        load(root)[0]


def write_motorcycle(source: Path, root: Path) -> Path:
    """The quarter-size Motorcycle of scikit-image in the official layout."""
    folder = root / 'Motorcycle'
    folder.mkdir(parents=True)
    for number, side in enumerate(('left', 'right')):
        cv2.imwrite(str(folder / f'im{number}.png'), cv2.imread(str(source / f'motorcycle_{side}.png')))
    write_pfm(folder / 'disp0.pfm', np.load(source / 'motorcycle_disp.npz')['arr_0'])
    (folder / 'calib.txt').write_text(
        'cam0=[994.978 0 311.193; 0 994.978 254.877; 0 0 1]\n'
        'cam1=[994.978 0 342.279; 0 994.978 254.877; 0 0 1]\n'
        'doffs=31.086\nbaseline=193.001\n'
    )
    return root


def test_the_real_motorcycle(data_root, tmp_path):
    source = data_root / 'real' / 'stereo'
    if not source.is_dir():
        pytest.skip(f'real data: no {source}')
    left, _ = load(write_motorcycle(source, tmp_path))[0]['data_samples']
    depth = left.gt.depth[left.gt.depth > 0]
    assert left.gt.depth.shape == (1, 500, 741) and 2 < depth.min() and depth.max() < 6
