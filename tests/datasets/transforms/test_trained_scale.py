"""Images reach the area that was trained for; what belongs to the label stays; focal lengths tell depth."""

import math

import numpy as np
import pytest
import torch

from mmmtl.datasets.transforms import AtTrainedScale, PackViews
from mmmtl.datasets.transforms.trained_scale import (
    LIMIT,
    magnification,
    mean_focal_length,
    rescale,
    scale_by_area,
    scale_by_camera,
)
from mmmtl.geometry import resize_intrinsics
from mmmtl.tasks import Depth

SHAPES = [(60, 80), (80, 60), (480, 640), (375, 1242), (500, 333), (7, 5), (200, 200)]
TRAINED_FOR = {'size': (60, 80), 'field_of_view': 90.0}  # so its focal length is 40


def view(shape: tuple[int, int], focal: float = 50.0) -> dict:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
    return {
        'image': image,
        'labels': {'depth': np.ones(shape, np.float32)},
        'img_path': 'a.png',
        'intrinsics': camera(focal, shape),
    }


def camera(focal: float, shape: tuple[int, int]) -> torch.Tensor:
    return torch.tensor([[focal, 0, shape[1] / 2], [0, focal, shape[0] / 2], [0, 0, 1]])


@pytest.mark.parametrize('shape', SHAPES)
def test_the_area_is_that_of_the_size_and_proportions_stay(shape):
    scale = scale_by_area(shape, (60, 80))
    assert shape[0] * shape[1] * scale**2 == pytest.approx(4800)
    assert scale_by_area(shape[::-1], (60, 80)) == scale  # a portrait is a landscape, turned


@pytest.mark.parametrize('proportion', [0.3, 0.75, 1.0, 16 / 9, 3.0])
@pytest.mark.parametrize('cut', ['narrower', 'flatter'])
def test_the_scale_of_a_cut_image_is_off_by_the_root_of_the_proportions_at_most(proportion, cut):
    """A cut image should be resized as the whole one, by 1."""
    ratio = proportion / (80 / 60)
    if (cut == 'narrower') != (ratio < 1):
        return
    shape = (60, 80 * ratio) if cut == 'narrower' else (60 / ratio, 80)
    assert abs(math.log(scale_by_area(shape, (60, 80)))) == pytest.approx(abs(math.log(ratio)) / 2)


@pytest.mark.parametrize('factor', [1, 2, 4, 8])
def test_integer_enlargements_are_undone_exactly(factor):
    small = view((60, 80))
    large = {'image': small['image'].repeat(factor, 0).repeat(factor, 1)}
    rescale(large, scale_by_area(large['image'].shape[:2], (60, 80)))
    np.testing.assert_array_equal(large['image'], small['image'])
    assert large.get('ori_shape') == (None if factor == 1 else (60 * factor, 80 * factor))


@pytest.mark.parametrize('shape', SHAPES)
def test_labels_and_cameras_stay_and_the_sample_names_both_sizes(shape):
    results = {'views': [view(shape)], 'tasks': {'depth': Depth('depth')}, 'record': None}
    packed = PackViews().transform(AtTrainedScale(TRAINED_FOR).transform(results) | {'record': Named()})
    image, sample = packed['inputs'][0], packed['data_samples'][0]
    assert tuple(image.shape[1:]) == sample.img_shape
    assert sample.gt.shape == sample.output_shape == shape
    assert abs(image.shape[1] * image.shape[2] / 4800 - 1) < 0.02
    torch.testing.assert_close(sample.intrinsics, camera(50.0, shape))
    scale = torch.tensor([[image.shape[2] / shape[1]], [image.shape[1] / shape[0]], [1]])
    torch.testing.assert_close(sample.input_intrinsics, camera(50.0, shape) * scale)


class Named:
    name = 'scene'


def test_nothing_is_resized_without_a_size():
    results = {'views': [view((30, 30))]}
    assert AtTrainedScale(None).transform(results)['views'][0]['image'].shape == (30, 30, 3)
    assert 'ori_shape' not in results['views'][0]


def test_the_field_of_view_gives_the_focal_length():
    assert mean_focal_length(TRAINED_FOR) == pytest.approx(40)
    assert mean_focal_length({'size': (96, 128), 'field_of_view': 60}) == pytest.approx(64 * math.sqrt(3))
    assert mean_focal_length({'size': (96, 128), 'field_of_view': (50, 70)}) == pytest.approx(64 * math.sqrt(3))


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('size', [(60, 80), (30, 40)])
@pytest.mark.parametrize('degrees', [20.0, 50.0, 60.0, 75.0, 90.0, 120.0])
def test_within_a_range_of_lenses_the_scale_is_that_by_area_and_beyond_that_of_its_end(degrees, shape, size):
    """The angle is that of an image of the trained aspect ratio and the area of ``shape``."""
    varied = {'size': (60, 80), 'field_of_view': (50, 90)}
    lens = camera(40 / math.tan(math.radians(degrees / 2)) / scale_by_area(shape, (60, 80)), shape)
    scale = scale_by_camera(lens, shape, size, varied)
    if 50 <= degrees <= 90:
        assert scale == pytest.approx(scale_by_area(shape, size))
        assert magnification(lens, shape, varied) == pytest.approx(1 / scale_by_area(shape, (60, 80)))
    else:
        end = {'size': (60, 80), 'field_of_view': min(max(degrees, 50), 90)}
        assert scale == scale_by_camera(lens, shape, size, end) != scale_by_area(shape, size)
        assert magnification(lens, shape, varied) == magnification(lens, shape, end)


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('focal', [20.0, 40.0, 333.0])
def test_by_the_camera_the_focal_length_becomes_the_one_trained_for(shape, focal):
    scale = scale_by_camera(camera(focal, shape), shape, (60, 80), TRAINED_FOR)
    by_area = scale_by_area(shape, (60, 80))
    assert by_area / LIMIT <= scale * 1.0001 and scale <= by_area * LIMIT * 1.0001
    if by_area / LIMIT < 40 / focal < by_area * LIMIT:
        assert focal * scale == pytest.approx(40)


def test_at_another_size_the_focal_length_is_that_part_of_the_trained_one():
    assert scale_by_camera(camera(40, (60, 80)), (60, 80), (30, 40), TRAINED_FOR) == pytest.approx(0.5)


@pytest.mark.parametrize('scale', [0.5, 1.0, 1.7])
@pytest.mark.parametrize('focal', [30.0, 40.0, 90.0])
def test_depth_by_magnification_is_the_true_one(scale, focal):
    """A network that tells depth by how large a thing of known size looks, through the camera that it has learnt."""
    thing, depth = 1.5, 4.0  # metres
    seen = resize_intrinsics(camera(focal, (60, 80)), scale, scale)
    looks = thing * seen[0, 0].item() / depth  # pixels
    taken_for = thing * 40 / looks
    assert taken_for * magnification(seen, (60, 80), TRAINED_FOR) == pytest.approx(depth)
