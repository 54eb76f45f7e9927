"""Rooms for photographs: they differ more, labels and cameras stay exact, and light goes where it can."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.film import Film, PhotographicFilm
from mmmtl.synthetic_rooms.lights import LIGHT_SAMPLES, Reflection, SoftLight, Sun, light_at, pattern_indices
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import CLASSES, Scene, build_scene
from mmmtl.synthetic_rooms.shading import soften_shadows
from mmmtl.synthetic_rooms.variety import PLAIN, REALISTIC, Variety
from mmmtl.tasks import Depth, Normal, SemSeg
from mmmtl.testing import check_dataset

TASKS = dict(semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES), depth=dict(type=Depth), normal=dict(type=Normal))
PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]
SIZE = (48, 64)


def rooms(cache: Path, **options) -> SyntheticRooms:
    options = dict(split='train', scenes=2, num_views=2, size=SIZE, cache=str(cache)) | options
    return SyntheticRooms(tasks=TASKS, pipeline=PIPELINE, **options)


@pytest.fixture(scope='module')
def sunny() -> tuple[Scene, Sun]:
    """A room into which the sun shines."""
    scenes = (build_scene('train', index, REALISTIC) for index in range(100))
    return next((scene, sun) for scene in scenes for sun in scene.lights if isinstance(sun, Sun))


def test_the_data_set_keeps_the_contract_and_has_a_folder_of_its_own(tmp_path: Path) -> None:
    varied = rooms(tmp_path, variety='realistic')
    check_dataset(varied)
    assert varied.folder.parent.name == 'rooms-v1-48x64-2views-realistic'
    assert rooms(tmp_path).folder.parent.name == 'rooms-v1-48x64-2views'
    assert str(varied) != str(rooms(tmp_path))


def test_an_unknown_variety_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="variety must be 'plain' or 'realistic', found 'photos'"):
        rooms(tmp_path, variety='photos')


def test_rooms_are_bitwise_reproducible() -> None:
    def arrays() -> list[bytes]:
        scene = build_scene('val', 2, REALISTIC)
        views = [render_view(scene, camera) for camera in place_cameras(scene, 2, SIZE)]
        return [value.tobytes() for view in views for value in view.values()]

    first = arrays()
    build_scene('val', 3, PLAIN)
    assert arrays() == first


def test_the_largest_size_shows_the_same_room_finer() -> None:
    scene = build_scene('train', 1, REALISTIC)
    small, large = (render_view(scene, place_cameras(scene, 1, size)[0]) for size in ((48, 64), (240, 320)))
    assert large['image'].shape == (240, 320, 3)
    assert (large['semseg'][2::5, 2::5] == small['semseg']).mean() > 0.98  # every fifth pixel's centre is the same ray
    shrunk = large['image'].reshape(48, 5, 64, 5, 3).mean((1, 3))
    assert np.abs(shrunk - small['image']).mean() < 12


def spread_of(variety: Variety) -> dict[str, float]:
    found = []
    for index in range(48):
        scene = build_scene('train', index, variety)
        camera = place_cameras(scene, 1, SIZE)[0]
        rotation, image = camera.camera_T_world[:3, :3], render_view(scene, camera, samples=1)['image'].astype(float)
        found.append(
            dict(
                height=camera.position[2],
                pitch=rotation[2, 2],
                roll=rotation[0, 2],
                focal=np.log(camera.intrinsics[0, 0]),
                light=image.mean(),
                warmth=np.log(image[..., 0].mean() / image[..., 2].mean()),
                lamps=float(len(scene.lights)),
            )  # fmt: skip
        )
    return {name: float(np.std([row[name] for row in found])) for name in found[0]}


def test_images_of_variety_photographs_differ_more_than_plain_ones() -> None:
    plain, varied = spread_of(PLAIN), spread_of(REALISTIC)
    assert {name: (plain[name], varied[name]) for name in plain if varied[name] < 1.2 * plain[name]} == {}


def test_every_class_is_there_often_enough() -> None:
    pixels = np.zeros(len(CLASSES))
    for index in range(80):
        scene = build_scene('train', index, REALISTIC)
        directions = (camera := place_cameras(scene, 1, (24, 32))[0]).directions(
            np.arange(32) + 0.5, np.arange(24)[:, None] + 0.5
        )
        hit = scene.trace(camera.position, directions)['primID']
        pixels += np.bincount(scene.labels[scene.instance[hit]], minlength=len(CLASSES))
    assert (pixels / pixels.sum()).min() > 0.004, dict(zip(CLASSES, pixels / pixels.sum(), strict=True))


def test_the_sun_enters_through_windows_alone(sunny: tuple[Scene, Sun]) -> None:
    scene, sun = sunny
    rng = np.random.default_rng(0)
    start = (rng.uniform(0.05, 0.95, (3, 4000)) * scene.size[:, None]).astype(np.float32)
    reached = sun.reaches(scene, start, np.broadcast_to(sun.direction[:, None], start.shape))
    assert 0 < reached.mean() < 0.5
    windows = scene.boxes[scene.labels == CLASSES.index('window')][:, :, :, None]
    for point in start[:, reached].T:
        ways = point[:, None] + sun.direction[:, None] * np.linspace(0, 12, 4000)
        assert ((windows[:, 0] - 0.02 < ways) & (ways < windows[:, 1] + 0.02)).all(1).any()


def test_a_soft_light_without_extent_is_a_hard_one() -> None:
    rng = np.random.default_rng(0)
    point, normal = rng.normal(size=(2, 3, 50)).astype(np.float32)
    hard = light_at((0.3, 0.2, 2.0), np.ones(3), np.zeros(3))
    soft = SoftLight(hard.position, hard.colour, hard.facing, extent=np.zeros(3))
    slot = rng.integers(16, size=50)
    for one, other in zip(hard.illuminate(point, normal, slot), soft.illuminate(point, normal, slot), strict=True):
        assert np.array_equal(one, other)
    wide = (
        replace(soft, extent=np.array([0.1, 0.2, 0.0])).illuminate(point, normal, slot)[0]
        - hard.illuminate(point, normal, slot)[0]
    )
    assert np.abs(wide[0]).max() <= 0.1 + 1e-6 and np.abs(wide[1]).max() > 0.1 and np.abs(wide[2]).max() < 1e-6


def test_spots_cover_a_light_evenly_and_a_square_of_pixels_sees_all() -> None:
    assert np.allclose(LIGHT_SAMPLES.mean(0), 0) and (np.abs(LIGHT_SAMPLES) < 1).all()
    assert sorted(pattern_indices(*np.indices((4, 4))).reshape(-1)) == list(range(16))


def test_softened_light_is_the_mean_over_the_pixels_of_the_face() -> None:
    rng = np.random.default_rng(0)
    light, face = rng.random((3, 7, 9)).astype(np.float32), rng.integers(2, size=(7, 9))
    expected = np.empty_like(light)
    for y, x in np.ndindex(face.shape):
        window = np.s_[max(y - 2, 0) : y + 2, max(x - 2, 0) : x + 2]
        expected[:, y, x] = light[:, *window][:, face[window] == face[y, x]].mean(1)
    assert np.allclose(soften_shadows(light, face), expected, atol=1e-6)


def test_a_reflection_lights_what_faces_it() -> None:
    side = Reflection(np.array([0, 0, -1], np.float32), np.ones(3))
    normal = np.array([[0, 0, -1], [1, 0, 0], [0, 0, 1]], np.float32).T
    assert side.illuminate(np.zeros((3, 3)), normal, np.zeros(3, int))[1].tolist() == [1, 0.25, 0]


@pytest.mark.parametrize('film', [Film(), PhotographicFilm()])
def test_film_shows_what_is_brighter_as_brighter(film: Film | PhotographicFilm) -> None:
    ramp = np.broadcast_to(np.linspace(0.02, 1.2, 64, dtype=np.float32), (3, 32, 64))
    for seed in range(5):
        picture = film.develop(ramp, 1.0, np.random.default_rng(seed))
        assert picture.dtype == np.uint8 and picture.shape == (32, 64, 3)
        assert np.array_equal(picture, film.develop(ramp, 1.0, np.random.default_rng(seed)))
        columns = picture.mean((0, 2))
        assert (np.diff(columns[4:-8:8]) > 0).all()
