"""Predictions of the page: those of the inferencer, the camera that is assumed, and views with cameras."""

import json
import math

import numpy as np
import pytest
from tool_process import CONFIGS

from mmmtl.apis import MultiTaskInferencer, load_config
from mmmtl.errors import DataError
from mmmtl.web.prediction import parse_cameras, parse_degrees, predict_photograph, predict_views


@pytest.fixture(scope='module')
def infer():
    config = load_config(CONFIGS / 'tiny_rooms.py', {'trained_for': dict(size=(32, 40), field_of_view=60)})
    return MultiTaskInferencer(config)


@pytest.fixture(scope='module')
def cross_view():
    config = load_config('cvm/cvm_resnet18_b12_900i_rooms_small_pairs_full')
    config.model.backbone.pop('pretrained', None)
    return MultiTaskInferencer(config)


def noise(size, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8)


@pytest.mark.parametrize('size', [(32, 40), (60, 45), (17, 90)])
def test_maps_are_those_of_the_inferencer(size, infer):
    image = noise(size)
    found = predict_photograph(infer, 'a', image, None)
    assert list(found.maps) == ['semseg', 'depth', 'normal']
    for name, values in infer(image).items():
        np.testing.assert_array_equal(found.maps[name], values)


def test_the_assumed_camera_is_that_of_the_training(infer):
    for scale in (1, 3):
        found = predict_photograph(infer, 'a', noise((32 * scale, 40 * scale)), None)
        assert found.field_of_view == pytest.approx(60)


def test_a_given_camera(infer):
    image = noise((32, 40))
    found = predict_photograph(infer, 'a', image, 80)
    assert found.field_of_view == pytest.approx(80)
    assert found.intrinsics[0, 0] == pytest.approx(20 / math.tan(math.radians(40)))
    np.testing.assert_array_equal(found.maps['depth'], infer(image, intrinsics=found.intrinsics)['depth'])


@pytest.mark.parametrize(('text', 'degrees'), [('', None), (' ', None), ('60', 60), ('72.5°', 72.5)])
def test_degrees(text, degrees):
    assert parse_degrees(text) == degrees


@pytest.mark.parametrize('text', ['0', '180', 'nan', 'wide', '-60'])
def test_impossible_degrees(text):
    with pytest.raises(DataError, match=f'field of view: expected 1 to 175 degrees, found {text!r}'):
        parse_degrees(text)


def cameras(shift=0.2):
    matrix = [[70, 0, 40], [0, 70, 32], [0, 0, 1]]
    poses = np.eye(4), np.eye(4)
    poses[1][0, 3] = -shift
    return [{'intrinsics': matrix, 'camera_T_world': pose.tolist()} for pose in poses]


def test_views_see_each_other(cross_view):
    images = [noise((64, 80), seed) for seed in (0, 1)]
    first, second = predict_views(cross_view, ['a', 'b'], images, parse_cameras(json.dumps(cameras())))
    assert (first.name, second.name) == ('a', 'b')
    for name, values in first.maps.items():
        assert values.shape[:2] == (64, 80) and second.maps[name].shape == values.shape
    other = [images[0], noise((64, 80), 2)]
    changed, _ = predict_views(cross_view, ['a', 'b'], other, parse_cameras(json.dumps(cameras())))
    assert any((first.maps[name] != changed.maps[name]).any() for name in first.maps)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('[', 'cameras: not valid JSON'),
        ('{}', 'cameras: expected a list'),
        ('[1]', 'cameras: expected a list'),
        ('[{}]', r'cameras\[0\]: has no intrinsics'),
        (json.dumps([{'intrinsics': [[1, 2], [3]], 'camera_T_world': []}]), r'cameras\[0\].intrinsics: expected 3 x 3'),
        (
            json.dumps([{'intrinsics': np.eye(3).tolist(), 'camera_T_world': [[float('nan')] * 4] * 4}]),
            r'cameras\[0\].camera_T_world: expected 4 x 4 finite',
        ),
    ],
)
def test_wrong_cameras(text, message):
    with pytest.raises(DataError, match=message):
        parse_cameras(text)


def test_what_does_not_fit(cross_view):
    images = [noise((64, 80)), noise((64, 80))]
    with pytest.raises(DataError, match='cameras: 1 for 2 photographs'):
        predict_views(cross_view, ['a', 'b'], images, cameras()[:1])
    mirrored = cameras()
    mirrored[1]['camera_T_world'][0][0] = -1
    with pytest.raises(DataError, match='camera of b'):
        predict_views(cross_view, ['a', 'b'], images, mirrored)
    with pytest.raises(DataError, match='differ in size'):
        predict_views(cross_view, ['a', 'b'], [images[0], noise((80, 64))], cameras())
