"""Semi-global matching finds the disparity of generated rooms and of Motorcycle; confidence knows where it does not."""

import re

import cv2
import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets.transforms.loading import load_view
from mmmtl.errors import ConfigError, DataError
from mmmtl.pseudo_labels.stereo_matching import DisparityFolder, SemiGlobalMatcher, left_right_confidence
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth


def test_rooms_in_both_directions(rooms_cache):
    tasks = {'depth': Depth('depth')}
    dataset = SyntheticRooms(
        split='train',
        scenes=2,
        num_views=1,
        size=(64, 80),
        cameras=dict(stereo=True),
        view_mode='stereo',
        tasks=tasks,
        pipeline=[],
    )
    for record in dataset.records:
        views = [load_view(view, tasks) for view in record.views]
        found = SemiGlobalMatcher(disparities=32, block=3)(views[0]['image'], views[1]['image'])
        truth = np.stack([view['intrinsics'][0, 0].item() * 0.2 / view['labels']['depth'] for view in views])
        error, confidence = np.abs(found - truth), left_right_confidence(found)
        known = np.isfinite(error)
        for side in (0, 1):
            assert known[side].mean() > 0.6 and np.median(error[side][known[side]]) < 0.4
        assert (error[known & (confidence > 0.37)] > 1).mean() < (error[known] > 1).mean() < 0.3
        assert not confidence[~np.isfinite(found)].any() and 0 <= confidence.min() <= confidence.max() <= 1
        swapped = SemiGlobalMatcher(disparities=32, block=3)(views[1]['image'], views[0]['image'])
        assert np.nanmedian(np.abs(swapped - truth)) > 2


def test_motorcycle(data_root):
    folder = data_root / 'real' / 'stereo'
    if not folder.is_dir():
        pytest.skip(f'real data: no {folder}')
    left, right = (cv2.imread(str(folder / f'motorcycle_{side}.png'))[..., ::-1] for side in ('left', 'right'))
    error = np.abs(SemiGlobalMatcher(disparities=64)(left, right)[0] - np.load(folder / 'motorcycle_disp.npz')['arr_0'])
    known = np.isfinite(error)
    assert known.mean() > 0.8 and np.median(error[known]) < 0.3 and (error[known] > 1).mean() < 0.12


def test_a_folder_of_disparities(tmp_path):
    raw = np.array([[0, 256, 512]], np.uint16)
    for side in 'lr':
        Image.fromarray(raw + (side == 'r')).save(tmp_path / f'7_{side}.png')
    folder = DisparityFolder(str(tmp_path), ('{stem}_l.png', '{record}_r.png'), scale=1 / 256, offset=0.5)
    found = folder.read('7', (tmp_path / '7.jpg', tmp_path / 'x.jpg'), (1, 3))
    right = [0.5 + 1 / 256, 1.5 + 1 / 256, 2.5 + 1 / 256]
    np.testing.assert_allclose(found, [[[np.nan, 1.5, 2.5]], [right]], rtol=1e-6)
    several = DisparityFolder(str(tmp_path), folder.patterns, scale=1 / 256, void=(0, 512))
    left, _ = several.read('7', (tmp_path / '7.jpg', tmp_path / 'x.jpg'), (1, 3))
    np.testing.assert_array_equal(left, [[np.nan, 1, np.nan]])
    with pytest.raises(DataError, match=r'7_l\.png: expected 2 x 3 disparities, found shape \(1, 3\)'):
        folder.read('7', (tmp_path / '7.jpg', tmp_path / 'x.jpg'), (2, 3))
    with pytest.raises(DataError, match=r'8_r\.png: no such file'):
        folder.read('8', (tmp_path / '7.jpg', tmp_path / 'x.jpg'), (1, 3))


@pytest.mark.parametrize('wrong', [dict(disparities=20), dict(disparities=0), dict(block=4)])
def test_settings_of_the_matcher(wrong):
    with pytest.raises(ConfigError, match='disparities must be a multiple of 16 and block odd'):
        SemiGlobalMatcher(**wrong)


@pytest.mark.parametrize('pattern', ['{name}.png', '{stem', '{0}.png', '{stem.x}.png'])
def test_an_unknown_placeholder_is_named(pattern):
    with pytest.raises(ConfigError, match=f'expected a path with .record. or .stem., found {re.escape(repr(pattern))}'):
        DisparityFolder('.', ('{stem}_l.png', pattern))
