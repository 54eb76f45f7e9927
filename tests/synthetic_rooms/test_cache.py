"""The cache of rendered rooms: complete, identical, grown in place, and safe against kills and second processes."""

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmmtl.synthetic_rooms import cache
from mmmtl.synthetic_rooms.cache import BASELINE, ensure_rooms
from mmmtl.synthetic_rooms.cameras import Neighbours

SIZE = (32, 40)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()}


def test_layout(tmp_path: Path) -> None:
    folder = ensure_rooms(tmp_path, 'val', scenes=2, views=2, size=SIZE)
    assert folder == tmp_path / 'rooms-v1-32x40-2views' / 'val'
    kinds = ('image.png', 'semseg.png', 'instances.png', 'depth.npz', 'normal.npz')
    expected = {f'{scene:05d}/{v}_{kind}' for scene in range(2) for v in range(2) for kind in kinds}
    assert set(contents(folder)) == expected | {
        f'0000{scene}/{name}.json' for scene in range(2) for name in ('cameras', 'checksums')
    }
    assert cv2.imread(str(folder / '00001/1_instances.png'), cv2.IMREAD_UNCHANGED).dtype == np.uint16
    assert cv2.imread(str(folder / '00001/1_semseg.png'), cv2.IMREAD_UNCHANGED).shape == SIZE
    assert np.load(folder / '00000/0_depth.npz')['values'].dtype == np.float32
    assert np.load(folder / '00000/0_normal.npz')['values'].shape == (*SIZE, 3)
    cameras = json.loads((folder / '00000/cameras.json').read_text())
    assert [np.shape(camera['camera_T_world']) for camera in cameras] == [(4, 4), (4, 4)]


def test_rooms_with_cameras_far_apart_have_a_folder_of_their_own(tmp_path: Path) -> None:
    folder = ensure_rooms(tmp_path, 'val', scenes=1, views=2, size=SIZE, neighbours=Neighbours((0.6, 0.8), 0.5))
    assert folder.parent.name == 'rooms-v1-32x40-2views-0.6to0.8m-from0.5m'
    one, other = (
        np.linalg.inv(camera['camera_T_world'])[:3, 3]
        for camera in json.loads((folder / '00000/cameras.json').read_text())
    )
    assert 0.59 < np.linalg.norm(one - other) < 0.81


def test_stereo_views_come_in_pairs(tmp_path: Path) -> None:
    folder = ensure_rooms(tmp_path, 'val', scenes=1, views=2, size=SIZE, stereo=True)
    assert folder.parent.name == 'rooms-v1-32x40-2views-stereo'
    poses = [np.array(camera['camera_T_world']) for camera in json.loads((folder / '00000/cameras.json').read_text())]
    for left, right in zip(poses[::2], poses[1::2], strict=True):
        assert np.allclose(
            right @ np.linalg.inv(left), [[1, 0, 0, -BASELINE], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], atol=1e-6
        )
    assert not np.allclose(poses[0], poses[2])
    assert len(list((folder / '00000').glob('*_image.png'))) == 4


def test_growing_renders_only_what_is_new(tmp_path: Path) -> None:
    folder = ensure_rooms(tmp_path, 'train', scenes=2, views=1, size=SIZE)
    before = {path: os.stat(path).st_mtime_ns for path in folder.rglob('*') if path.is_file()}
    ensure_rooms(tmp_path, 'train', scenes=3, views=1, size=SIZE)
    assert {path: os.stat(path).st_mtime_ns for path in before} == before
    assert sorted(path.name for path in folder.iterdir()) == ['00000', '00001', '00002']


def test_a_killed_writer_leaves_no_half_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = contents(ensure_rooms(tmp_path / 'whole', 'train', scenes=2, views=2, size=SIZE))

    class Killed(BaseException):
        pass

    real, calls = cache.render_view, []

    def render_until_killed(*args: object) -> dict[str, np.ndarray]:
        calls.append(args)
        if len(calls) == 4:
            raise Killed
        return real(*args)

    monkeypatch.setattr(cache, 'render_view', render_until_killed)
    with pytest.raises(Killed):
        ensure_rooms(tmp_path, 'train', scenes=2, views=2, size=SIZE)
    folder = tmp_path / 'rooms-v1-32x40-2views' / 'train'
    assert [path.name for path in folder.glob('[0-9]*')] == ['00000']
    monkeypatch.setattr(cache, 'render_view', real)
    ensure_rooms(tmp_path, 'train', scenes=2, views=2, size=SIZE)
    assert contents(folder) == whole


def test_two_processes_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([cache.__name__])
    options = dict(scenes=3, views=1, size=SIZE)
    both = [context.Process(target=ensure_rooms, args=(tmp_path / 'shared', 'train'), kwargs=options) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    alone = ensure_rooms(tmp_path / 'alone', 'train', **options)
    assert contents(tmp_path / 'shared' / alone.parent.name / 'train') == contents(alone)


def test_a_pool_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = ensure_rooms(tmp_path / 'alone', 'train', scenes=3, views=1, size=SIZE)
    monkeypatch.setattr(cache, 'MIN_VIEWS_FOR_POOL', 0)
    monkeypatch.setattr(cache, 'available_cores', lambda: 2)
    pooled = ensure_rooms(tmp_path / 'pool', 'train', scenes=3, views=1, size=SIZE)
    assert contents(pooled) == contents(alone)


def test_an_unwritable_cache_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / 'taken').write_text('a file where the folder should be')
    with pytest.raises(OSError, match='cannot write the rendered rooms into .*taken'):
        ensure_rooms(tmp_path / 'taken', 'train', scenes=1, views=1, size=SIZE)


def test_a_complete_cache_needs_no_right_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ensure_rooms(tmp_path, 'train', scenes=1, views=1, size=SIZE)

    def no_lock(path: Path) -> None:
        raise PermissionError(13, 'read-only', str(path))

    monkeypatch.setattr(cache, 'FileLock', no_lock)
    assert ensure_rooms(tmp_path, 'train', scenes=1, views=1, size=SIZE) == folder


def test_a_script_without_main_guard_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / 'script.py'
    script.write_text(
        'from pathlib import Path\n'
        'from mmmtl.synthetic_rooms.cache import MIN_VIEWS_FOR_POOL, ensure_rooms\n'
        "print('run', flush=True)\n"
        "ensure_rooms(Path('rooms'), 'train', scenes=MIN_VIEWS_FOR_POOL // 15, views=16, size=(8, 10))\n"
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.count('run') == 1, done.stderr
