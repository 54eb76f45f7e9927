"""The random window has the allowed area and aspect ratio, and shows the same part of image and label."""

import numpy as np
import pytest

from mmmtl.datasets.transforms import RandomResizedCrop
from mmmtl.errors import ConfigError
from mmmtl.tasks import Depth

TASKS = {'depth': Depth('depth')}


def scene(sizes: tuple = ((60, 80),), seed: int = 0) -> dict:
    views = []
    for height, width in sizes:
        rows, columns = np.mgrid[:height, :width]
        image = np.stack([255 * rows / height, 255 * columns / width, 0 * rows], -1).astype(np.uint8)
        label = (1 + rows / height).astype(np.float32)
        views.append({'image': image, 'labels': {'depth': label}})
    return {'views': views, 'tasks': TASKS, 'rng': np.random.default_rng(seed)}


@pytest.mark.parametrize('shape', [(60, 80), (80, 60), (50, 50)])
def test_windows_have_the_allowed_area_and_aspect_ratio(shape):
    crop, rng = RandomResizedCrop((32, 32), area=(0.2, 0.6)), np.random.default_rng(0)
    windows = np.array([crop.draw(rng, shape) * shape for _ in range(500)])
    areas, aspects = windows.prod(1) / np.prod(shape), windows[:, 1] / windows[:, 0]
    assert areas.min() > 0.199 and areas.max() < 0.601 and np.quantile(areas, 0.5) == pytest.approx(0.4, abs=0.03)
    assert aspects.min() > 0.749 and aspects.max() < 1.334


@pytest.mark.parametrize(('shape', 'expected'), [((20, 200), (20, 80 / 3)), ((200, 20), (80 / 3, 20))])
def test_long_images_have_the_largest_allowed_window(shape, expected):
    crop = RandomResizedCrop((32, 32), area=(1.0, 1.0))
    assert crop.draw(np.random.default_rng(0), shape) * shape == pytest.approx(expected)


def test_image_and_label_show_the_same_part():
    results = RandomResizedCrop((32, 48)).transform(scene(((60, 80), (120, 160)), seed=3))
    for view in results['views']:
        assert view['image'].shape == (32, 48, 3) and view['moved']
        assert np.abs(view['image'][..., 0] / 255 - (view['labels']['depth'] - 1)).max() < 0.04
    first, second = (view['image'].astype(int) for view in results['views'])
    assert np.abs(first - second).max() < 8  # the same relative window in both views


@pytest.mark.parametrize('options', [dict(area=(0, 1)), dict(area=(0.5, 1.2)), dict(aspect=(2, 1)), dict(aspect=(1,))])
def test_invalid_ranges(options):
    with pytest.raises(ConfigError, match=rf'{next(iter(options))} must be \(minimum, maximum\)'):
        RandomResizedCrop((8, 8), **options)
