"""Rooms are determined by split and index alone, and hold all classes."""

import subprocess
import sys
from zlib import crc32

import numpy as np

from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import CLASSES, build_scene

SIZE = (32, 40)


def fingerprint(split: str, index: int) -> int:
    scene = build_scene(split, index)
    views = [render_view(scene, camera) for camera in place_cameras(scene, 2, SIZE)]
    return crc32(b''.join(value.tobytes() for view in views for value in view.values()))


def test_same_bytes_in_any_order_and_process() -> None:
    forwards = [fingerprint('train', index) for index in (0, 1, 2)]
    assert [fingerprint('train', index) for index in (2, 1, 0)] == forwards[::-1]
    assert len(set(forwards)) == 3
    code = f'import sys; sys.path.insert(0, {str(__file__.rsplit("/", 1)[0])!r}); import test_scene; '
    code += 'print(test_scene.fingerprint("train", 1))'
    found = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert int(found.stdout) == forwards[1]


def test_the_order_of_views_does_not_matter() -> None:
    scene = build_scene('train', 0)
    a, b = place_cameras(scene, 2, SIZE)
    first = render_view(scene, a)['image']
    render_view(scene, b)
    assert np.array_equal(render_view(scene, a)['image'], first)


def test_splits_share_no_room() -> None:
    rooms = [build_scene(split, index) for split in ('train', 'val', 'test') for index in (0, 1)]
    assert len({room.size.tobytes() for room in rooms}) == 6


def test_every_class_is_there_often_enough() -> None:
    pixels = np.zeros(len(CLASSES))
    for index in range(80):
        scene = build_scene('train', index)
        view = render_view(scene, place_cameras(scene, 1, SIZE)[0], samples=1)
        pixels += np.bincount(view['semseg'].ravel(), minlength=len(CLASSES))
    share = dict(zip(CLASSES, pixels / pixels.sum(), strict=True))
    assert min(share.values()) > 0.008, share
    assert share['wall'] < 0.5, share


def test_objects_are_inside_the_room_and_do_not_overlap() -> None:
    for index in range(12):
        scene = build_scene('train', index)
        things = scene.boxes[7:]  # after four walls, floor, ceiling
        assert (things[:, 0] > -0.01).all() and (things[:, 1] < scene.size + 0.01).all()
        big = np.isin(scene.labels[7:], [CLASSES.index(name) for name in ('bed', 'sofa', 'furniture')])
        low, high = things[big, 0], things[big, 1]
        shared = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
        assert not np.triu((shared > 0.02).all(-1), 1).any(), index
