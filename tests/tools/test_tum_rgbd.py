"""A sequence of TUM RGB-D in miniature -> pairs: times joined, quaternions, units, poses."""

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets import PosedViews
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import DataError
from mmmtl.tasks import Depth


@pytest.fixture
def sequence(tmp_path):
    """Eight frames along a wall 2 m away, 10 cm a frame; frame 6 has no depth in time, frame 7 no pose."""
    folder = tmp_path / 'rgbd_dataset_freiburg1_toy'
    lists = {'rgb': ['# color images'], 'depth': ['# depth maps'], 'groundtruth': ['# timestamp tx ty tz qx qy qz qw']}
    for kind in ('rgb', 'depth'):
        (folder / kind).mkdir(parents=True)
    for frame in range(8):
        time = 1305031102 + frame / 30
        Image.fromarray(np.full((480, 640, 3), 20 * frame, np.uint8)).save(folder / 'rgb' / f'{time:.6f}.png')
        Image.fromarray(np.full((480, 640), 10000, np.uint16)).save(folder / 'depth' / f'{time:.6f}.png')
        lists['rgb'].append(f'{time:.6f} rgb/{time:.6f}.png')
        if frame != 6:
            lists['depth'].append(f'{time + 0.004:.6f} depth/{time:.6f}.png')
        if frame != 7:
            lists['groundtruth'].append(f'{time - 0.003:.4f} {0.1 * frame:.4f} 0 0 0 0 0 1')
    for name, lines in lists.items():
        (folder / f'{name}.txt').write_text('\n'.join(lines) + '\n')
    return folder


def test_pairs_that_load(tool, mmmtl_command, sequence, tmp_path, capsys):
    script = tool('dataset_converters/tum_rgbd')
    assert len(script.read_tum_rgbd(sequence, every=1)) == 6
    arguments = [str(sequence), str(tmp_path / 'out'), '--every', '1', '--size', '48', '64', '--overlap', '0.8', '0.93']
    mmmtl_command('convert-dataset', 'tum-rgbd', *arguments)
    told = capsys.readouterr().out
    dataset = PosedViews(
        root=str(tmp_path / 'out'),
        split='all',
        view_mode='all',
        tasks={'depth': Depth('depth')},
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    )
    assert len(dataset) == 6 and '6 pairs; 0 of 6 frames' in told
    for packed in (dataset[index] for index in range(6)):
        first, second = packed['data_samples']
        assert first.gt.depth.shape == (1, 48, 64) and first.gt.depth.unique().tolist() == [2]
        assert first.intrinsics.tolist() == pytest.approx(np.array([[52.5, 0, 32], [0, 52.5, 24], [0, 0, 1]]))
        steps = (first.camera_T_world - second.camera_T_world)[0, 3].item() / 0.1
        # a step shifts the wall by 26 of 640 columns: 96 %; the rule asks for two or three
        assert abs(round(steps)) in (2, 3) and steps == pytest.approx(round(steps), abs=1e-4)
        shade = (packed['inputs'][1].float().mean() - packed['inputs'][0].float().mean()).item() / 20
        assert shade == pytest.approx(steps, abs=0.1)  # image and pose belong together


def test_sequences_need_different_names(mmmtl_command, sequence, tmp_path, capsys, monkeypatch):
    other = tmp_path / 'other' / sequence.name
    other.parent.mkdir()
    other.symlink_to(sequence)
    with pytest.raises(SystemExit):
        mmmtl_command('convert-dataset', 'tum-rgbd', str(sequence), str(other), str(tmp_path / 'out'))
    assert f'{other}: called {sequence.name}, as is {sequence}' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()
    monkeypatch.chdir(sequence)
    options = ['--every', '1', '--size', '48', '64', '--overlap', '0.8', '0.93']
    mmmtl_command('convert-dataset', 'tum-rgbd', '.', str(tmp_path / 'out'), *options)
    assert {path.name.rpartition('_')[0] for path in (tmp_path / 'out').iterdir()} == {sequence.name}


def test_a_quaternion_becomes_the_inverse_of_camera_to_world(tool):
    pose = tool('dataset_converters/tum_rgbd').pose_of('1 2 3 0 0 0.70710678 0.70710678'.split())  # 90 degrees about z
    world_T_camera = np.linalg.inv(pose)
    np.testing.assert_allclose(world_T_camera @ [1, 0, 0, 1], [1, 3, 3, 1], atol=1e-6)
    assert np.linalg.det(pose) == pytest.approx(1)


@pytest.mark.parametrize('text', ['', '# nothing\n', 'word rgb/a.png\n', '1 2 3\n'])
def test_a_damaged_list_is_named(tool, sequence, text):
    script = tool('dataset_converters/tum_rgbd')
    (sequence / 'rgb.txt').write_text(text)
    with pytest.raises(DataError, match=r'rgb\.txt'):
        script.read_tum_rgbd(sequence, every=1)


def test_timestamps_without_a_match_are_reported(tool, sequence):
    (sequence / 'groundtruth.txt').write_text('7 0 0 0 0 0 0 1\n')
    with pytest.raises(DataError, match='no image has depth and a pose'):
        tool('dataset_converters/tum_rgbd').read_tum_rgbd(sequence, every=1)
