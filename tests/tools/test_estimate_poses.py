"""Frames without poses -> posed scenes in metres: the scale, the layout, taking up again, and what is refused."""

import json
import sys
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets import PosedViews
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError, DataError
from mmmtl.tasks import Depth

SIZE, STEP, UNIT = (48, 64), 0.1, 0.4  # a step of 10 cm; 1 unit of the reconstruction is 40 cm
INTRINSICS = np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]])


@pytest.fixture
def scale_of(tool):
    return tool('dataset_converters/metric_scale').metric_scale


def points(count: int, seed: int = 0) -> np.ndarray:
    """x, y in a 48 x 64 image, depth between 1 and 5 units."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(0, 64, count), rng.uniform(0, 48, count), rng.uniform(1, 5, count)])


def sensor(seen: np.ndarray, metres_per_unit: float) -> np.ndarray:
    """A depth map that knows nothing but these points."""
    depth = np.zeros((48, 64))
    for x, y, z in seen:
        depth[int(y), int(x)] = z * metres_per_unit
    return depth


def distinct(count: int, seed: int = 0) -> np.ndarray:
    """Points in pixels of their own."""
    seen = points(4 * count, seed)
    _, first = np.unique(np.floor(seen[:, :2]), axis=0, return_index=True)
    return seen[np.sort(first)[:count]]


@pytest.mark.parametrize('true', [0.01, 0.4, 25.0])
def test_the_scale_is_found_among_wrong_points_and_gaps(scale_of, true):
    frames = {'a': distinct(100, 1), 'b': distinct(80, 2)}
    depths = {name: sensor(seen, true) for name, seen in frames.items()}
    depths['a'][:10] = 0  # the sensor saw nothing
    wrong = frames['b'][:25].copy()
    wrong[:, 2] *= 7  # wrong matches
    frames['b'][:25] = wrong
    outside = np.array([[-3.0, 5, 2], [70, 5, 2], [5, 60, 2], [5, 5, -2]])
    frames['a'] = np.vstack([frames['a'], outside])
    scale, spread = scale_of(frames, depths)
    assert scale == pytest.approx(true) and spread < 1e-9


def test_scaling_the_reconstruction_scales_the_answer(scale_of):
    seen = distinct(120)
    depth = {'a': sensor(seen, 1.0) * np.random.default_rng(0).normal(1, 0.02, (48, 64))}
    once, spread = scale_of({'a': seen}, depth)
    twice, _ = scale_of({'a': seen * [1, 1, 2]}, depth)
    assert twice == pytest.approx(once / 2) and once == pytest.approx(1, abs=0.01) and 0.005 < spread < 0.03


def test_without_depth_or_with_another_ones_there_is_no_scale(scale_of):
    seen = distinct(120)
    with pytest.raises(DataError, match='only 0 reconstructed points have sensor depth'):
        scale_of({'a': seen}, {'a': np.zeros((48, 64))})
    with pytest.raises(DataError, match='only 0 reconstructed points'):
        scale_of({}, {})
    noise = np.random.default_rng(0).uniform(0.2, 5, (48, 64))
    with pytest.raises(DataError, match='sensor depth and reconstruction disagree: the ratios of 120 points'):
        scale_of({'a': seen}, {'a': noise})


@pytest.fixture
def video(tmp_path):
    """Six frames along a wall 2 m away."""
    folder = tmp_path / 'hall'
    for kind in ('color', 'depth'):
        (folder / kind).mkdir(parents=True)
    for frame in range(6):
        Image.fromarray(np.full((*SIZE, 3), 40 * frame, np.uint8)).save(folder / 'color' / f'{frame:03d}.png')
        Image.fromarray(np.full(SIZE, 2000, np.uint16)).save(folder / 'depth' / f'{frame:03d}.png')
    (folder / 'cam.txt').write_text('60 0 32\n0 60 24\n0 0 1\n')
    return folder


@pytest.fixture
def convert(tool, mmmtl_command, monkeypatch):
    """Run the tool with a COLMAP that finds the frames named; tells how often it was asked."""
    script, asked = tool('dataset_converters/estimate_poses'), []

    def run(*arguments: object, found=range(6), unit: float = UNIT) -> list:
        def reconstruct(images, names, work, *, intrinsics, sequential, threads):
            asked.append(list(names))
            poses, seen = {}, {}
            for frame in found:
                poses[f'{frame:03d}.png'] = np.eye(4)
                poses[f'{frame:03d}.png'][0, 3] = -frame * STEP / unit
                seen[f'{frame:03d}.png'] = distinct(100, frame) * [1, 1, 0] + [0, 0, 2 / unit]
            return script.Reconstruction(poses, intrinsics, seen)

        monkeypatch.setattr(script, 'reconstruct', reconstruct)
        mmmtl_command('convert-dataset', 'estimate-poses', *arguments)
        return asked

    return run


def read(folder) -> PosedViews:
    return PosedViews(
        root=str(folder),
        split='all',
        view_mode='all',
        tasks={'depth': Depth('depth')},
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    )


def test_pairs_in_metres_that_load(convert, video, tmp_path, capsys):
    convert(video, tmp_path / 'out', '--overlap', '0.5', '0.95', '--baseline', '0.05', '0.25')
    assert '6 of 6 frames have a pose; 1 unit of COLMAP is 0.4 m' in capsys.readouterr().out
    dataset = read(tmp_path / 'out')
    assert len(dataset) == 6
    for index in range(6):
        packed = dataset[index]
        first, second = packed['data_samples']
        apart = (first.camera_T_world - second.camera_T_world)[0, 3].item()
        shade = (packed['inputs'][1].float().mean() - packed['inputs'][0].float().mean()).item() / 40
        assert apart / STEP == pytest.approx(shade, abs=0.05) and abs(apart) < 0.25  # metres, and of the same frame
        assert first.gt.depth.unique().tolist() == [2] and first.intrinsics[0, 0] == 60


def test_a_second_run_continues_the_first(convert, video, tmp_path):
    asked = convert(video, tmp_path / 'out', '--whole')
    (tmp_path / 'out' / 'hall' / '3.jpg').unlink()
    times = (tmp_path / 'out' / 'hall' / 'poses.txt').read_text()
    convert(video, tmp_path / 'out', '--whole')
    assert len(asked) == 1 and (tmp_path / 'out' / 'hall' / '3.jpg').is_file()
    assert (tmp_path / 'out' / 'hall' / 'poses.txt').read_text() == times
    assert len(read(tmp_path / 'out')[0]['inputs']) == 6


def test_what_is_refused(convert, video, tmp_path, refused):
    out = tmp_path / 'out'
    assert 'registered 2 of 6 frames' in refused(convert, video, out, found=range(2)).error
    convert(video, out, '--whole', '--least', '0.2', found=range(2))  # kept, and now allowed
    assert len(read(out)[0]['inputs']) == 2
    assert 'contains the poses of different frames' in refused(convert, video, out, '--every', '2').error
    for path in (video / 'depth').iterdir():
        Image.fromarray(np.zeros(SIZE, np.uint16)).save(path)
    assert 'hall: only 0 reconstructed points' in refused(convert, video, tmp_path / 'dark').error
    for path in (video / 'depth').iterdir():
        path.unlink()
    assert (
        'with --every 1, 6 images of color/ are used, and 0 of them have a depth map'
        in refused(convert, video, out).error
    )
    assert 'color: no such file or folder' in refused(convert, tmp_path / 'gone', out).error


def test_what_colmap_would_see_otherwise_is_refused(convert, video, tmp_path, refused):
    tags = Image.Exif()
    tags[274] = 3
    path = video / 'color' / '004.png'
    Image.open(path).save(path, exif=tags)
    assert '004.png: EXIF orientation 3 rotates the image' in refused(convert, video, tmp_path / 'out').error


def test_poses_of_another_unit_of_depth_are_not_reused(tool, video, tmp_path):
    script = tool('dataset_converters/estimate_poses')
    options = dict(intrinsics=None, min_fraction=0.5, sequential=True, threads=1)
    frames = script.find_frames(video, 1)
    names = [path.name for path in frames]
    asked = {'frames': names, 'sequential': True, 'units': 1000, 'camera': None}
    poses = {name: np.eye(4).tolist() for name in names}
    (tmp_path / 'poses.json').write_text(json.dumps({'asked': asked, 'poses': poses}))
    assert script.estimate(frames, tmp_path, units=1000, **options)['poses'] == poses
    with pytest.raises(
        DataError, match='contains the poses of different frames, of a different camera or with different options'
    ):
        script.estimate(frames, tmp_path, units=5000, **options)


class Matcher:
    """Stands in for pycolmap: the database lists the frames."""

    CameraMode = FeatureMatchingOptions = FeatureExtractionOptions = ImageReaderOptions = mock.MagicMock()
    match_sequential = match_exhaustive = mock.Mock()

    @staticmethod
    def extract_features(database, images, *, image_names, **options):
        database.write_text(' '.join(image_names))


def test_matches_are_reused_for_the_same_request_only(tool, tmp_path):
    match = tool('dataset_converters/structure_from_motion').match
    request = dict(names=['a', 'b'], intrinsics=None, sequential=True)

    def matched(**changes):
        options = {**request, **changes}
        return match(Matcher(), tmp_path, options['names'], tmp_path, options['intrinsics'], options['sequential'], 1)

    first = matched()
    first.write_text('kept')
    assert matched() == first and first.read_text() == 'kept'
    for changes in (dict(names=['a', 'c']), dict(intrinsics=INTRINSICS), dict(sequential=False)):
        assert matched(**changes) != first and list(tmp_path.iterdir()) == [matched(**changes)]
    assert matched() == first and first.read_text() == 'a b'


def test_65535_is_no_depth(tool, video):
    script, path = tool('dataset_converters/estimate_poses'), video / 'depth' / '000.png'
    depth = np.full(SIZE, 2000, np.uint16)
    depth[:4] = 65535
    Image.fromarray(depth).save(path)
    assert np.unique(script.read_sensor_depth(path, 1000, SIZE)).tolist() == [0, 2]


def test_a_missing_extra_is_named(tool, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pycolmap', None)
    with pytest.raises(ConfigError, match=r"pip install 'mmmtl\[poses\]'"):
        tool('dataset_converters/structure_from_motion').need_pycolmap()


@pytest.mark.slow
def test_a_real_clip(mmmtl_command, data_root, tmp_path, capsys):
    """Five frames of the Redwood office: rotations to 0.2 degrees and translations to 1 cm."""
    pytest.importorskip('pycolmap', reason="optional extra: pip install 'mmmtl[poses]'")
    source, folder = data_root / 'real' / 'redwood_office', tmp_path / 'office'
    if not source.is_dir():
        pytest.skip(f'{source} is not there')
    folder.mkdir()
    for kind in ('color', 'depth'):
        (folder / kind).symlink_to(source / kind)
    (folder / 'cam.txt').write_text('525 0 320\n0 525 240\n0 0 1\n')
    options = ('--whole', '--exhaustive', '--threads', '1')
    mmmtl_command('convert-dataset', 'estimate-poses', folder, tmp_path / 'out', *options)
    lines = (source / 'trajectory.log').read_text().splitlines()
    truth = [np.linalg.inv(np.loadtxt(lines[5 * frame + 1 : 5 * frame + 5])) for frame in range(5)]
    ours = [sample.camera_T_world.double().numpy() for sample in read(tmp_path / 'out')[0]['data_samples']]
    for frame in range(1, 5):
        found, true = (poses[frame] @ np.linalg.inv(poses[0]) for poses in (ours, truth))
        angle = np.degrees(np.arccos(np.clip((np.trace(found[:3, :3] @ true[:3, :3].T) - 1) / 2, -1, 1)))
        assert angle < 0.2 and np.linalg.norm(found[:3, 3] - true[:3, 3]) < 0.01
