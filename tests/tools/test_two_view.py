"""DPSNet's test folders -> posed scenes; the benchmark's own scenes come out again."""

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets import PosedViews
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Depth


@pytest.fixture
def convert(mmmtl_command):
    def run(*arguments: object) -> None:
        mmmtl_command('convert-dataset', 'two-view', *arguments)

    return run


@pytest.fixture
def source(tmp_path):
    for name in ('sun3d_test_00007', 'rgbd_test_00012', 'mvs_test_00001'):
        folder = tmp_path / 'test' / name
        folder.mkdir(parents=True)
        for number in range(2):
            Image.fromarray(np.full((480, 640, 3), 100, np.uint8)).save(folder / f'000{number}.jpg')
            depth = np.full((480, 640), 1.2344, np.float16).astype(np.float32)
            depth[:2, :4] = np.nan, 70, 0, np.inf
            np.save(folder / f'000{number}.npy', depth)
        (folder / 'cam.txt').write_text('570 0 320\n0 570 240\n0 0 1\n')
        (folder / 'poses.txt').write_text('1 0 0 0 0 1 0 0 0 0 1 0\n1 0 0 -0.1 0 1 0 0 0 0 1 0\n')
    return tmp_path / 'test'


def test_pairs_become_scenes_that_load(convert, source, tmp_path, capsys):
    convert(source, tmp_path / 'out', '--all')
    assert '2 pairs' in capsys.readouterr().out  # no outdoor pair, whose scale is unknown
    dataset = PosedViews(
        root=str(tmp_path / 'out'),
        split='all',
        view_mode='all',
        tasks={'depth': Depth('depth')},
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    )
    assert [record.name for record in dataset.records] == ['rgbd_00012', 'sun3d_00007']
    first, second = dataset[0]['data_samples']
    assert first.gt.depth.shape == (1, 240, 320)
    assert first.gt.depth[0, 0, :3].tolist() == pytest.approx([0, 0, 1.234], abs=1e-6)
    assert first.intrinsics.tolist() == [[285, 0, 160], [0, 285, 120], [0, 0, 1]]
    assert second.camera_T_world[0, 3] == pytest.approx(-0.1)


def test_a_pair_that_is_there_and_whole_is_kept(convert, source, tmp_path):
    convert(source, tmp_path / 'out', '--all')
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / 'out').rglob('*.*')}
    (tmp_path / 'out' / 'sun3d_00007' / 'poses.txt').unlink()
    convert(source, tmp_path / 'out', '--all')
    changed = {path.parent.name for path in (tmp_path / 'out').rglob('*.*') if path.stat().st_mtime_ns != times[path]}
    assert changed == {'sun3d_00007'}


def test_a_pair_of_another_size_is_not_mixed_with_the_others(convert, source, tmp_path, capsys):
    convert(source, tmp_path / 'out', '--all')
    before = {path: path.read_bytes() for path in (tmp_path / 'out').rglob('*.*')}
    with pytest.raises(SystemExit):
        convert(source, tmp_path / 'out', '--all', '--size', 120, 160)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error')]
    assert 'cam.txt: the scene was written with a different size or from different frames' in line
    assert {path: path.read_bytes() for path in (tmp_path / 'out').rglob('*.*')} == before


def test_missing_pairs_and_files_are_named(convert, source, tmp_path, capsys):
    with pytest.raises(SystemExit):
        convert(source, tmp_path / 'out')
    assert '81 of the 83 pairs' in capsys.readouterr().err
    (source / 'sun3d_test_00007' / '0001.npy').unlink()
    with pytest.raises(SystemExit):
        convert(source, tmp_path / 'out', '--all')
    assert str(source / 'sun3d_test_00007' / '0001.png') in capsys.readouterr().err


def test_the_benchmark_can_be_made_again(convert, data_root, tmp_path):
    source = tmp_path / 'test'
    source.mkdir()
    for folder in (data_root / 'real' / 'two_view').glob('*_test_*'):
        (source / folder.name).symlink_to(folder)
    convert(source, tmp_path / 'out', '--all')
    compared = 0
    for path in sorted((tmp_path / 'out').rglob('*.*')):
        theirs = data_root / 'real_bench' / 'two_view' / path.relative_to(tmp_path / 'out')
        if not theirs.exists():
            continue
        compared += 1
        if path.suffix == '.jpg':
            assert path.read_bytes() == theirs.read_bytes()
        elif path.suffix == '.png':
            np.testing.assert_array_equal(np.array(Image.open(path)), np.array(Image.open(theirs)))
        else:
            np.testing.assert_allclose(np.loadtxt(path), np.loadtxt(theirs), rtol=1e-5, atol=1e-6)
    assert compared == 6 * 18  # 18 of the 83 scenes
