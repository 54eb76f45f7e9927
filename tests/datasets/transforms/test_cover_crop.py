"""Cover and crop: one size for all shapes, proportions kept, cameras and labels moved with the pixels."""

import numpy as np
import pytest
import torch

from mmmtl.datasets.transforms import CoverCrop
from mmmtl.tasks import Depth, SemSeg

TASKS = {'semseg': SemSeg('semseg', classes=[str(number) for number in range(200)]), 'depth': Depth('depth')}


def results(*sizes: tuple[int, int], seed: int = 0) -> dict:
    views = []
    for height, width in sizes:
        ramp = np.tile(np.linspace(0, 199, width).astype(np.uint8), (height, 1))
        views.append(
            {
                'image': np.dstack([ramp] * 3),
                'labels': {'semseg': ramp.astype(np.int64), 'depth': np.full((height, width), 3, np.float32)},
                'intrinsics': torch.tensor([[50.0, 0, width / 2], [0, 50, height / 2], [0, 0, 1]]),
            }
        )
    return {'views': views, 'tasks': TASKS, 'rng': np.random.default_rng(seed)}


@pytest.mark.parametrize('size', [(216, 320), (320, 216), (240, 320), (375, 1242), (20, 20), (241, 320), (240, 321)])
def test_every_shape_becomes_the_size(size):
    moved = CoverCrop((240, 320)).transform(results(size))
    view = moved['views'][0]
    assert view['image'].shape == (240, 320, 3)
    assert view['labels']['semseg'].shape == view['labels']['depth'].shape == (240, 320)
    assert set(np.unique(view['labels']['depth'])) == {3}  # no border, no new value
    assert np.abs(view['image'][..., 0].astype(int) - view['labels']['semseg']).max() <= 13


def test_an_image_of_the_size_stays():
    before = results((240, 320))
    image = before['views'][0]['image'].copy()
    np.testing.assert_array_equal(CoverCrop((240, 320)).transform(before)['views'][0]['image'], image)


def test_the_camera_follows():
    for seed in range(5):
        view = CoverCrop((30, 40)).transform(results((40, 120), seed=seed))['views'][0]
        scale = 30 / 40
        assert view['intrinsics'][0, 0] == pytest.approx(50 * scale) == view['intrinsics'][1, 1]
        column = 120 * scale / 2 - view['intrinsics'][0, 2].item()  # how much was cut off at the left
        assert 0 <= column <= 50
        expected = np.linspace(0, 199, 120)[int((column + 20.5) / scale)]
        assert abs(int(view['labels']['semseg'][15, 20]) - expected) <= 4


def test_the_window_is_drawn_and_views_share_the_draw():
    lefts = [
        CoverCrop((30, 40)).transform(results((40, 120), seed=seed))['views'][0]['labels']['semseg'][0, 0]
        for seed in range(20)
    ]
    assert len(set(lefts)) > 10 and min(lefts) < 20 and max(lefts) > 80
    upright = [
        CoverCrop((30, 40)).transform(results((120, 40), seed=seed))['views'][0]['intrinsics'][1, 2].item()
        for seed in range(20)
    ]
    assert len(set(upright)) > 10 and min(upright) < 0 < 30 < max(upright)  # above and below the window
    first, second = CoverCrop((30, 40)).transform(results((40, 120), (40, 120)))['views']
    np.testing.assert_array_equal(first['image'], second['image'])
