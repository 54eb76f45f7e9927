"""Camera effects: only the image changes, results depend on the seed only, and parameters stay in their ranges."""

import cv2
import numpy as np
import pytest

from mmmtl.datasets.transforms import RandomBlur, RandomExposure, RandomJPEG, RandomNoise
from mmmtl.datasets.transforms.camera_effects import line
from mmmtl.errors import ConfigError
from mmmtl.registry import TRANSFORMS

EFFECTS = [RandomExposure, RandomBlur, RandomNoise, RandomJPEG]
RNG = np.random.default_rng(0)
IMAGE = cv2.GaussianBlur(RNG.integers(0, 256, (60, 320, 3)).astype(np.uint8), (0, 0), 2)


def applied(effect: type, seed: int, *images: np.ndarray, **options) -> list[np.ndarray]:
    views = [{'image': image} for image in images or (IMAGE,)]
    scene = {'views': views, 'rng': np.random.default_rng(seed)}
    return [view['image'] for view in effect(**options).transform(scene)['views']]


@pytest.mark.parametrize('effect', EFFECTS)
def test_effects_change_the_image_but_not_labels_or_camera(effect: type) -> None:
    before = IMAGE.copy()
    view = {'image': before, 'labels': {'depth': IMAGE[..., 0]}, 'intrinsics': 'K'}
    after = effect(probability=1).transform({'views': [view], 'rng': np.random.default_rng(3)})['views'][0]
    assert after['labels']['depth'] is view['labels']['depth'] and after['intrinsics'] == 'K'
    assert after['image'].dtype == np.uint8 and after['image'].shape == IMAGE.shape
    assert after['image'].flags.c_contiguous and not np.array_equal(after['image'], IMAGE)
    assert np.array_equal(before, IMAGE), 'the input was modified in place'
    assert np.abs(after['image'].astype(float) - IMAGE).mean() < 60


@pytest.mark.parametrize('effect', EFFECTS)
def test_effects_are_a_function_of_the_seed(effect: type) -> None:
    draws = [applied(effect, seed)[0].tobytes() for seed in range(60)]
    assert draws == [applied(effect, seed)[0].tobytes() for seed in range(60)]
    unchanged = np.mean([draw == IMAGE.tobytes() for draw in draws])
    assert abs(unchanged - (1 - effect().probability)) < 0.2
    assert len(set(draws)) > 8


@pytest.mark.parametrize('effect', EFFECTS)
def test_probability_zero_changes_nothing_and_opens_no_image(effect: type) -> None:
    assert all(applied(effect, seed, IMAGE, probability=0)[0] is IMAGE for seed in range(20))


@pytest.mark.parametrize('effect', [RandomExposure, RandomBlur, RandomJPEG])
def test_all_views_of_a_scene_get_the_same_effect(effect: type) -> None:
    first, second = applied(effect, 1, IMAGE, IMAGE, probability=1)
    assert np.array_equal(first, second)


def test_views_share_the_noise_level_but_not_the_noise() -> None:
    grey = np.full((100, 100, 3), 128, np.uint8)
    for seed in range(6):
        first, second = (
            view - 128.0 for view in applied(RandomNoise, seed, grey, grey, probability=1, strength=(8, 8))
        )
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05
        assert abs(first.std() - 8) < 0.4 and abs(second.std() - 8) < 0.4 and abs(first.mean()) < 0.5


def test_noise_of_strength_0_changes_nothing() -> None:
    assert np.array_equal(applied(RandomNoise, 0, probability=1, strength=(0, 0))[0], IMAGE)


def test_exposure_with_empty_ranges_changes_nothing() -> None:
    for seed in range(5):
        same = applied(RandomExposure, seed, probability=1, stops=0, warmth=0, gamma=(1, 1))[0]
        assert np.array_equal(same, IMAGE)


def test_exposure_stays_in_its_range_and_black_stays_black() -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    options = dict(probability=1, warmth=0, gamma=(1, 1))
    values = [int(applied(RandomExposure, seed, grey, stops=1, **options)[0][0, 0, 0]) for seed in range(200)]
    assert 70 <= min(values) < 75 and 136 < max(values) <= 142  # 100 / sqrt(2), 100 * sqrt(2)
    assert applied(RandomExposure, 1, np.zeros((4, 4, 3), np.uint8), probability=1)[0].max() == 0
    warm = [
        applied(RandomExposure, s, grey, probability=1, stops=0, warmth=0.3, gamma=(1, 1))[0][0, 0] for s in range(99)
    ]
    ratio = np.log([red / blue for red, _, blue in np.array(warm, float)])
    assert -0.32 < ratio.min() < -0.2 and 0.2 < ratio.max() < 0.32 and {int(green) for _, green, _ in warm} == {100}


def test_blur_reduces_contrast_and_keeps_the_mean() -> None:
    for seed in range(10):
        blurred = applied(RandomBlur, seed, probability=1, sigma=(4, 4))[0].astype(float)
        assert blurred.std() < IMAGE.std()
        assert abs(blurred.mean() - IMAGE.mean()) < 1


def test_blur_scales_with_the_image_width() -> None:
    step = np.zeros((20, 640, 3), np.uint8)
    step[:, 320:] = 200
    large = applied(RandomBlur, 0, step, probability=1, sigma=(8, 8), motion=0)[0][10, :, 0].astype(float)
    half = applied(RandomBlur, 0, step[:, ::2].copy(), probability=1, sigma=(8, 8), motion=0)[0][10, :, 0].astype(float)
    spreads = [np.count_nonzero((row > 20) & (row < 180)) for row in (large, half)]
    assert abs(spreads[0] / spreads[1] - 2) < 0.3


@pytest.mark.parametrize('angle', [0.0, 0.7, np.pi / 2])
def test_motion_blur_acts_along_its_direction_only(angle: float) -> None:
    kernel = line(9.0, angle)
    y, x = np.indices(kernel.shape) - len(kernel) // 2
    parallel, orthogonal = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    assert abs(kernel.sum() - 1) < 1e-6
    assert (kernel * parallel**2).sum() > 10 * (kernel * orthogonal**2).sum()


def test_lower_jpeg_quality_has_larger_errors() -> None:
    poor, good = (applied(RandomJPEG, 0, probability=1, quality=(q, q))[0].astype(float) for q in (10, 95))
    assert 0 < np.abs(good - IMAGE).mean() < np.abs(poor - IMAGE).mean()


def test_jpeg_keeps_the_order_of_colour_channels() -> None:
    red = np.full((16, 16, 3), (200, 20, 40), np.uint8)
    assert np.abs(applied(RandomJPEG, 0, red, probability=1)[0].astype(int) - red).max() < 8


@pytest.mark.parametrize(
    ('name', 'options', 'message'),
    [
        ('RandomExposure', dict(probability=1.5), 'RandomExposure.probability must be a number from 0 to 1, found 1.5'),
        ('RandomExposure', dict(stops=9), 'RandomExposure.stops must be a number from 0 to 8, found 9$'),
        ('RandomExposure', dict(warmth=(0, 1)), r'RandomExposure.warmth must be a number from 0 to 4, found \(0, 1\)'),
        ('RandomBlur', dict(motion=-0.5), 'RandomBlur.motion must be a number from 0 to 1, found -0.5$'),
        ('RandomNoise', dict(strength=3), 'RandomNoise.strength must be .* between 0 and 255, found 3$'),
        (
            'RandomExposure',
            dict(gamma=(0, 1)),
            r'RandomExposure.gamma .* between 0.1 and 10, found \(0, 1\)',
        ),
        (
            'RandomBlur',
            dict(sigma=(2, 1)),
            r'RandomBlur.sigma .* between 0.01 and 100, found \(2, 1\)',
        ),
        ('RandomNoise', dict(strength=(-1, 3)), 'RandomNoise.strength must be .lowest, highest. between 0 and 255'),
        ('RandomJPEG', dict(quality=(0, 101)), 'RandomJPEG.quality must be .lowest, highest. between 1 and 100'),
    ],
)
def test_invalid_options_are_errors(name: str, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TRANSFORMS.build(dict(type=name, **options))
