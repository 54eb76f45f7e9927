"""Posed RGB-D: a fixed split, every fault of a folder named, and the conventions held by the real photographs."""

from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmmtl.apis import load_config
from mmmtl.datasets import PosedViews
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import correspondences, relative_pose, view_rays, warp
from mmmtl.tasks import Depth, Normal

TASKS = {'depth': Depth('depth'), 'normal': Normal('normal')}
PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]
SIZE = (24, 32)
INTRINSICS = np.array([[30.0, 0, 16], [0, 30, 12], [0, 0, 1]])


def dataset(root: Path, split: str = 'all', **options) -> PosedViews:
    return PosedViews(root=str(root), split=split, **(dict(tasks=TASKS, pipeline=PIPELINE, view_mode='all') | options))


def write_scene(folder: Path, views: int = 2) -> None:
    """A wall 2 m ahead, with a gap in its depth; the cameras stand 10 cm apart."""
    folder.mkdir()
    poses = []
    for number in range(views):
        depth = np.full(SIZE, 2000, np.uint16)
        depth[:8, :8] = 0
        Image.fromarray(np.full((*SIZE, 3), 40 * number, np.uint8)).save(folder / f'{number}.jpg')
        Image.fromarray(depth).save(folder / f'{number}.png')
        poses.append(np.hstack([np.eye(3), [[-0.1 * number], [0], [0]]]).ravel())
    np.savetxt(folder / 'cam.txt', INTRINSICS)
    np.savetxt(folder / 'poses.txt', poses)


@pytest.fixture
def tree(tmp_path) -> Path:
    """Twelve scenes of two views."""
    for number in range(12):
        write_scene(tmp_path / f'scene{number}')
    return tmp_path


def names(root: Path, split: str, **options) -> list[str]:
    return [record.name for record in dataset(root, split, **options).records]


def test_metres_normals_and_cameras(tree):
    first, second = dataset(tree)[0]['data_samples']
    assert sorted(first.gt.keys()) == ['depth', 'normal']
    depth, normal = first.gt.depth[0], first.gt.normal
    assert torch.equal(depth[:8, :8], torch.zeros(8, 8)) and torch.equal(depth.unique(), torch.tensor([0.0, 2.0]))
    assert not normal[:, :8, :8].any()
    wall = normal[:, 12:, 12:].flatten(1)
    torch.testing.assert_close(wall, torch.tensor([[0.0], [0.0], [-1.0]]).expand_as(wall), atol=1e-4, rtol=0)
    np.testing.assert_allclose(first.intrinsics, INTRINSICS)
    assert torch.equal(first.camera_T_world, torch.eye(4))
    torch.testing.assert_close(second.camera_T_world[:3, 3], torch.tensor([-0.1, 0, 0]))


def test_the_end_of_16_bits_is_no_distance(tree):
    path = tree / 'scene0' / '0.png'
    depth = np.full(SIZE, 2000, np.uint16)
    depth[4:8], depth[8:12] = 65535, 9000
    Image.fromarray(depth).save(path)

    def rows(**options) -> list[float]:
        sample = dataset(tree, **options)[0]['data_samples'][0]
        depth, normal = sample.gt.depth[0], sample.gt.normal
        assert not normal[:, depth == 0].any() and normal[:, 16:20, 8:24].any()
        return depth[[5, 9, 20], 5].tolist()

    assert rows() == [0, 9, 2]
    assert rows(depth_range=(0.5, 8)) == [0, 0, 2]
    assert rows(depth_void=[0, 65535, 9000]) == [0, 0, 2]
    np.testing.assert_allclose(rows(depth_void=(0,)), [65.535, 9, 2])
    with pytest.raises(ConfigError, match='expected valid_range'):
        dataset(tree, depth_range=(8, 0.5))


def test_one_record_per_scene_or_per_view(tree):
    assert names(tree, 'all') == sorted(f'scene{number}' for number in range(12))
    single = names(tree, 'all', view_mode='single')
    assert single == [f'{name}/{view}' for name in names(tree, 'all') for view in (0, 1)]


@pytest.mark.parametrize('patterns', [('scene1',), ('scene1?', 'scene3'), ('*[02468]',)])
def test_the_split_is_fixed_by_the_names_alone(tree, patterns):
    val = [name for name in names(tree, 'all') if any(fnmatchcase(name, pattern) for pattern in patterns)]
    assert names(tree, 'val', val_scenes=patterns) == val and 0 < len(val) < 12
    assert sorted(names(tree, 'train', val_scenes=patterns) + val) == names(tree, 'all')


def test_a_split_requires_val_scenes(tree):
    with pytest.raises(ConfigError, match='val_scenes is empty'):
        dataset(tree, 'train')


def test_files_and_hidden_folders_beside_the_scenes_are_no_scenes(tree):
    (tree / 'README.txt').write_text('about')
    (tree / '.cache').mkdir()
    assert len(names(tree, 'all')) == 12


@pytest.mark.parametrize('missing', ['1.jpg', '1.png', 'cam.txt', 'poses.txt'])
def test_a_missing_file_is_named_before_training_starts(tree, data_error, missing):
    path = tree / 'scene3' / missing
    path.unlink()
    with data_error(path):
        dataset(tree)


def test_an_image_without_a_pose_is_named(tree, data_error):
    poses = tree / 'scene3' / 'poses.txt'
    poses.write_text(poses.read_text().splitlines()[0])
    with data_error(poses, 'has 1 rows, but there is an image 1.jpg'):
        dataset(tree)


@pytest.mark.parametrize(
    ('name', 'text', 'match'),
    [
        ('cam.txt', '1 0 0\n0 1 0', r'expected 3 x 3 intrinsics, found \(2, 3\)'),
        ('cam.txt', '1 0\n0 1', 'rows of 3'),
        ('cam.txt', 'fx fy cx', 'rows of 3'),
        ('poses.txt', '1 0 0 0 0 1 0 0 0 0 1', 'rows of 12'),
        ('poses.txt', 'nan 0 0 0 0 1 0 0 0 0 1 0', 'finite'),
        ('poses.txt', '', 'rows of 12'),
    ],
)
@pytest.mark.filterwarnings('ignore:loadtxt')
def test_wrong_numbers_are_named(tree, data_error, name, text, match):
    (tree / 'scene3' / name).write_text(text)
    with data_error(tree / 'scene3' / name, match):
        dataset(tree)


def test_a_pose_that_is_no_rotation_is_named_when_it_is_loaded(tree, data_error):
    (tree / 'scene3' / 'poses.txt').write_text('2 0 0 0 0 2 0 0 0 0 2 0\n' * 2)
    given = dataset(tree)
    with data_error(tree / 'scene3' / '0.jpg', 'not a rotation'):
        given[[record.name for record in given.records].index('scene3')]


def test_a_split_without_scenes_and_wrong_options_are_refused(tmp_path):
    with pytest.raises(DataError, match='the split is empty'):
        dataset(tmp_path)
    for options, match in (
        (dict(split='test'), "split must be .* found 'test'"),
        (dict(view_mode='two'), "found 'two'"),
    ):
        with pytest.raises(ConfigError, match=match):
            dataset(tmp_path, **options)


# -- real photographs ------------------------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def real(data_root) -> Path:
    root = data_root / 'real_bench' / 'two_view'
    if not root.is_dir():
        pytest.skip(f'{root} is not there')
    return root


def test_real_pairs_are_all_there_and_no_frame_is_on_both_sides(real):
    config = load_config(Path(__file__).parents[3] / 'configs/baseline/aspp_resnet18_b8_30e_two_view_full.py')
    patterns = config.train_dataloader.dataset.val_scenes
    everything, train, val = (names(real, split, val_scenes=patterns) for split in ('all', 'train', 'val'))
    frames = [{path.read_bytes() for name in side for path in (real / name).glob('*.jpg')} for side in (train, val)]
    assert not frames[0] & frames[1]
    assert len(everything) == 83 and {len(record.views) for record in dataset(real).records} == {2}
    assert not set(train) & set(val) and sorted(train + val) == everything
    assert 10 <= len(val) <= 25


def warp_error(pair: dict, inverted: bool = False) -> float:
    """Median relative error of view 1's depth, where view 0 says that it should be."""
    a, b = pair['data_samples']
    b_T_a = relative_pose(b.camera_T_world, a.camera_T_world)[None]
    if inverted:
        b_T_a = relative_pose(torch.linalg.inv(b.camera_T_world), torch.linalg.inv(a.camera_T_world))[None]
    positions, expected = correspondences(a.gt.depth[None], a.intrinsics[None], b.intrinsics[None], b_T_a)
    found, inside = warp(b.gt.depth[None], positions, mode='nearest')
    known = inside & (found > 0)
    return ((found - expected).abs() / expected)[known].median().item() if known.any() else 1.0


def test_poses_of_real_pairs_are_world_to_camera(real):
    pairs = dataset(real)
    right, wrong = (
        np.array([warp_error(pairs[index], inverted) for index in range(0, 83, 6)]) for inverted in (False, True)
    )
    assert np.median(right) < 0.02 and right.max() < 0.1
    assert np.median(wrong) > 3 * np.median(right) and (wrong > right).mean() > 0.9


def test_normals_of_real_depth_face_the_camera(real):
    pairs = dataset(real)
    fraction = []
    for index in range(0, 83, 6):
        for sample in pairs[index]['data_samples']:
            normal, depth = sample.gt.normal, sample.gt.depth[0]
            length = normal.norm(dim=0)
            known = length > 0
            torch.testing.assert_close(length[known], torch.ones(int(known.sum())), atol=1e-4, rtol=0)
            assert not known[depth == 0].any()
            rays = view_rays(sample.intrinsics[None], *depth.shape)[0]
            assert ((rays * normal).sum(0)[known] < 0).all()
            fraction.append(known.float().mean().item())
    assert np.mean(fraction) > 0.5
