"""An image is predicted at the scale that the network was trained for, whatever its size, form and camera."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import ConfigDict
from noise_images import noise, write
from PIL import Image

from mmmtl.apis import MultiTaskInferencer, load_config
from mmmtl.errors import ConfigError, DataError

CONFIG = next((Path(__file__).parents[2] / 'configs' / 'baseline').glob('aspp_resnet18_*_rooms_full.py'))


def sizes_seen(infer: MultiTaskInferencer, *images: np.ndarray, **options) -> list[tuple[int, int]]:
    """(H, W) of what reaches the backbone."""
    sizes = []
    hook = infer.model.backbone.register_forward_pre_hook(lambda _, inputs: sizes.append(tuple(inputs[0].shape[2:])))
    try:
        for image in images:
            infer(image, **options)
    finally:
        hook.remove()
    return sizes


def assert_same(maps: dict[str, np.ndarray], others: dict[str, np.ndarray], tolerance: float = 1e-4) -> None:
    """Class maps that differ in hardly a pixel, other maps within a tolerance."""
    assert (maps['semseg'] == others['semseg']).mean() > 0.999
    np.testing.assert_allclose(maps['depth'], others['depth'], atol=tolerance)
    np.testing.assert_allclose(maps['normal'], others['normal'], atol=30 * tolerance)


@pytest.mark.parametrize('factor', [3, 5, 9])
def test_an_enlarged_image_has_the_same_maps(infer, factor):
    """With an odd factor the middle of every enlarged pixel is the middle of the pixel that it came from."""
    image = noise(96, 128)
    large = infer(image.repeat(factor, 0).repeat(factor, 1))
    middle = slice(factor // 2, None, factor)
    assert large['depth'].shape == (96 * factor, 128 * factor)
    assert_same({name: values[middle, middle] for name, values in large.items()}, infer(image))


@pytest.mark.parametrize('shape', [(1, 1), (7, 5), (96, 128), (128, 96), (600, 600), (300, 533), (240, 1000), (99, 9)])
def test_the_network_sees_the_area_that_it_was_trained_for(infer, shape):
    (seen,) = sizes_seen(infer, noise(*shape))
    assert abs(seen[0] * seen[1] / (96 * 128) - 1) < 0.02
    assert seen[0] / seen[1] == pytest.approx(shape[0] / shape[1], rel=0.02)


def test_fine_patterns_are_smoothed_not_taken_for_coarse_ones(infer):
    """One row in seven is white, and a seventh of the size samples just these: that is dark grey, not white."""
    stripes = np.zeros((672, 896, 3), np.uint8)
    stripes[3::7] = 255
    assert_same(infer(stripes), infer(np.full_like(stripes, 36)))


def test_the_size_can_be_chosen_or_left_alone(weights):
    image = noise(60, 50)
    assert sizes_seen(MultiTaskInferencer(CONFIG, weights, size=None), image) == [(60, 50)]
    assert sizes_seen(MultiTaskInferencer(CONFIG, weights, size=(30, 25)), image, image.repeat(2, 0).repeat(2, 1)) == [
        (30, 25),
        (30, 25),
    ]
    for size in ((30,), (30, 0), 'large', 30):
        with pytest.raises(ConfigError, match=r"size must be 'trained', \(height, width\) in pixels or None"):
            MultiTaskInferencer(CONFIG, weights, size=size)


def test_a_recipe_without_a_size_logs_that_nothing_is_resized(weights):
    config = load_config(CONFIG, {'trained_for': None})
    with pytest.warns(UserWarning, match='has no trained_for.size.*add trained_for'):
        infer = MultiTaskInferencer(config, weights)
    assert sizes_seen(infer, noise(60, 50)) == [(60, 50)]


def test_lists_tuples_and_generators_of_anything(infer, tmp_path):
    images = [noise(20, 30, 1), noise(33, 21, 2), noise(20, 30, 3)]
    path = write(tmp_path / 'a.png', images[1])
    mixed = [images[0], path, str(path), Image.fromarray(images[2])]
    expected = [infer(images[number]) for number in (0, 1, 1, 2)]
    for given in (mixed, tuple(mixed), (one for one in mixed)):
        found = infer(given)
        assert isinstance(found, list)
        for maps, others in zip(found, expected, strict=True):
            for task, values in maps.items():
                np.testing.assert_array_equal(values, others[task])
    backwards = infer(mixed[::-1])[::-1]
    for maps, others in zip(backwards, expected, strict=True):
        np.testing.assert_array_equal(maps['depth'], others['depth'])
    assert infer([]) == []


def test_a_sheet_per_image_of_a_list_whatever_their_names(infer, tmp_path):
    for folder in ('one', 'two'):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / 'a.png', noise(20, 30))
    infer([tmp_path / 'one' / 'a.png', tmp_path / 'two' / 'a.png', noise(20, 30)], show_dir=tmp_path / 'sheets')
    assert sorted(path.name for path in (tmp_path / 'sheets').iterdir()) == [
        '0-a.png.sheet.png',
        '1-a.png.sheet.png',
        '2-array.sheet.png',
    ]


@pytest.mark.parametrize(
    ('given', 'match'),
    [
        (7, 'expected a path, a PIL image, an array or several of them, found int'),
        ([np.zeros((4, 5, 3), np.uint8), 7], '1-int: expected a path, a PIL image or an array, found int'),
        ([np.zeros((4, 5), np.uint8)], '0-array: expected an image H x W x 3, uint8 RGB, found'),
        (['gone.png'], 'gone.png: no such file'),
    ],
)
def test_invalid_images_are_errors_that_name_the_file(infer, given, match):
    with pytest.raises(DataError, match=match):
        infer(given)


def camera(focal: float, height: int, width: int) -> np.ndarray:
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])


TRAINED = 64 / np.tan(np.radians(67.5 / 2))  # focal length of the recipe's rooms, pixels


def test_a_known_camera_is_brought_to_the_focal_length_trained_for(infer):
    """So what the lens sees, and how the image was cut, makes no difference; depth needs no correction then."""
    image = noise(96, 128)
    assert sizes_seen(infer, image, intrinsics=camera(TRAINED, 96, 128)) == [(96, 128)]
    assert sizes_seen(infer, image, intrinsics=camera(1.5 * TRAINED, 96, 128)) == [(64, 85)]
    large = image.repeat(3, 0).repeat(3, 1)
    assert sizes_seen(infer, large[:288, :192], intrinsics=camera(3 * TRAINED, 288, 192)) == [(96, 64)]
    assert_same(infer(image, intrinsics=camera(TRAINED, 96, 128)), infer(image))


@pytest.mark.parametrize(('focal', 'height'), [(10, 48), (0.1, 192)])
def test_beyond_the_limit_depth_is_corrected(infer, weights, focal, height):
    """At ten times the focal length the image is halved, and things still look 5 times as large as trained for."""
    image = noise(96, 128)
    maps = infer(image, intrinsics=camera(focal * TRAINED, 96, 128))
    assert sizes_seen(infer, image, intrinsics=camera(focal * TRAINED, 96, 128)) == [(height, height * 4 // 3)]
    plain = MultiTaskInferencer(CONFIG, weights, size=(height, height * 4 // 3))(image)
    np.testing.assert_allclose(maps['depth'], plain['depth'] * focal * height / 96, rtol=1e-4, atol=1e-6)
    for task in ('semseg', 'normal'):
        np.testing.assert_array_equal(maps[task], plain[task])


@pytest.mark.parametrize('size', [None, (192, 256), (48, 64)])
def test_depth_of_a_known_camera_at_any_size(weights, size):
    """The network sees things ``scale`` times as large as with the trained camera, so it takes them to be nearer."""
    image = noise(96, 128)
    infer = MultiTaskInferencer(CONFIG, weights, size=size)
    scale = size[0] / 96 if size else 1
    found = infer(image, intrinsics=camera(TRAINED, 96, 128))['depth']
    np.testing.assert_allclose(found, infer(image)['depth'] * scale, rtol=1e-4, atol=1e-6)


def test_intrinsics_per_image(infer, tmp_path):
    images = [noise(20, 30, 1), noise(20, 30, 2)]
    cameras = [camera(200, 20, 30), camera(15, 20, 30)]
    expected = [infer(image, intrinsics=one)['depth'] for image, one in zip(images, cameras, strict=True)]
    for image, name in zip(images, 'ab', strict=True):
        write(tmp_path / f'{name}.png', image)
    for found in (
        infer(images, intrinsics=cameras),
        infer(images, intrinsics=np.stack(cameras)),
        list(infer(tmp_path, intrinsics=cameras).values()),
    ):
        for maps, depth in zip(found, expected, strict=True):
            np.testing.assert_array_equal(maps['depth'], depth)
    both = infer(images, intrinsics=cameras[0])
    np.testing.assert_array_equal(both[0]['depth'], expected[0])
    assert not np.allclose(both[1]['depth'], expected[1])


def test_intrinsics_that_cannot_be_used_are_refused(infer, weights):
    image = noise(20, 30)
    for given, match in (
        (camera(-5, 20, 30), 'array: focal lengths must be positive'),
        (np.eye(4), 'array: expected intrinsics'),
        ([camera(20, 20, 30)] * 2, '2 intrinsics for 1 images'),
    ):
        with pytest.raises(DataError, match=match):
            infer(image, intrinsics=given)
    config = load_config(CONFIG, {'trained_for': ConfigDict(size=(96, 128), field_of_view=None)})
    with pytest.raises(ConfigError, match='trained_for.field_of_view: the config has none'):
        MultiTaskInferencer(config, weights)(image, intrinsics=camera(20, 20, 30))


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((4, 5), np.uint8),
        np.zeros((4, 5, 4), np.uint8),
        np.zeros((4, 5, 3), np.float32),
        np.zeros((2, 4, 5, 3), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
    ],
)
def test_an_array_that_is_no_image_is_refused(infer, image):
    with pytest.raises(DataError, match='expected an image H x W x 3, uint8 RGB, found'):
        infer(image)
