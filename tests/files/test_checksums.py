"""Checksums: what was exchanged or altered is named; what is not listed is not judged."""

import json
import shutil

import pytest

from mmmtl.datasets import PosedViews
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import DataError
from mmmtl.files.checksums import Checksums, write_checksums
from mmmtl.tasks import Depth

PLAIN = [dict(type=LoadViews), dict(type=PackViews)]


@pytest.fixture
def files(tmp_path):
    (tmp_path / 'deep').mkdir()
    paths = [tmp_path / 'a.png', tmp_path / 'deep' / 'b.png']
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number] * 9))
    return paths


def test_files_as_listed_pass_and_others_are_named(tmp_path, files, data_error):
    manifest = tmp_path / 'checksums.json'
    assert write_checksums(manifest, [*files, manifest]) == 2
    assert set(json.loads(manifest.read_text())) == {'a.png', 'deep/b.png'}
    checksums = Checksums()
    checksums.read(manifest)
    for path in files:
        checksums.verify(path)
    files[0].write_bytes(files[1].read_bytes())
    checksums.verify(files[1])
    with data_error(files[0], f'does not match its checksum in {manifest}'):
        checksums.verify(files[0])
    checksums.verify(manifest)  # not listed


def test_a_relative_and_an_absolute_path_are_one(tmp_path, files, monkeypatch):
    write_checksums(tmp_path / 'checksums.json', files)
    monkeypatch.chdir(tmp_path)
    checksums = Checksums()
    checksums.read(tmp_path / 'checksums.json')
    files[0].write_bytes(b'other')
    with pytest.raises(DataError):
        checksums.verify(files[0].relative_to(tmp_path))


@pytest.mark.parametrize('text', [None, 'no json', '[1]', '\xff'])
def test_an_invalid_list_is_an_error(tmp_path, text, data_error):
    path = tmp_path / 'checksums.json'
    if text is not None:
        path.write_bytes(text.encode('latin-1'))
    with data_error(path, 'no such checksum file' if text is None else 'expected JSON'):
        Checksums().read(path)


def test_a_list_must_stand_above_its_files(tmp_path, files, data_error):
    with data_error(tmp_path / 'deep' / 'list.json', 'a.png is not below'):
        write_checksums(tmp_path / 'deep' / 'list.json', files)


def test_rooms_carry_their_own(rooms, tmp_path, data_error):
    shutil.copytree(rooms(PLAIN).folder.parents[1], tmp_path, dirs_exist_ok=True)
    dataset = rooms(PLAIN, cache=str(tmp_path))
    depths = [view.labels['depth'].path for view in dataset.records[0].views]
    content = [path.read_bytes() for path in depths]
    for path, other in zip(depths, reversed(content), strict=True):
        path.write_bytes(other)
    with data_error(depths[0], 'does not match its checksum'):
        dataset[0]
    dataset[1]
    rooms(PLAIN, cache=str(tmp_path), tasks={'semseg': dataset.tasks['semseg']})[0]  # what is hidden is not looked at
    cameras = [dataset.folder / f'0000{scene}' / 'cameras.json' for scene in range(2)]
    cameras[0].write_bytes(cameras[1].read_bytes())
    with data_error(cameras[0], 'does not match its checksum'):
        rooms(PLAIN, cache=str(tmp_path))


@pytest.mark.parametrize('text', ['', '[{}]', '[{"intrinsics": [[1]], "camera_T_world": 0}]', '{"a": 1}'])
def test_invalid_cameras_of_a_room_are_an_error(rooms, tmp_path, data_error, text):
    shutil.copytree(rooms(PLAIN).folder.parents[1], tmp_path, dirs_exist_ok=True)
    path = rooms(PLAIN, cache=str(tmp_path)).folder / '00000' / 'cameras.json'
    path.write_text(text)
    with data_error(path, 'expected the cameras of a generated room'):
        rooms(PLAIN, cache=str(tmp_path))


def test_a_data_set_is_given_a_list(data_root, tmp_path, data_error, monkeypatch):
    for name in ('rgbd_00010', 'rgbd_00011'):
        shutil.copytree(data_root / 'real_bench' / 'two_view' / name, tmp_path / 'set' / name)
    manifest = tmp_path / 'set' / 'checksums.json'
    write_checksums(manifest, (path for path in (tmp_path / 'set').rglob('*') if path.is_file()))
    monkeypatch.setenv('MMMTL_DATA', str(tmp_path))
    options = dict(root='set', split='all', tasks={'depth': Depth('depth')}, pipeline=PLAIN)
    poses = tmp_path / 'set' / 'rgbd_00010' / 'poses.txt'
    PosedViews(checksums='set/checksums.json', **options)[0]
    poses.write_bytes((tmp_path / 'set' / 'rgbd_00011' / 'poses.txt').read_bytes())
    PosedViews(**options)[0]
    with data_error(poses, 'does not match its checksum'):
        PosedViews(checksums='set/checksums.json', **options)
