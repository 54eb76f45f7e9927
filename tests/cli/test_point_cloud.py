"""The command: cameras are stated, several views need poses, and bad input is one line."""

import numpy as np
import pytest
from PIL import Image

from mmmtl.cli.main import main


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for index in range(2):
        Image.fromarray(generator.integers(0, 256, (24, 32, 3), np.uint8)).save(f'{index}.png')
        depth = generator.integers(500, 5000, (24, 32)).astype(np.uint16)
        depth[0], depth[1] = 0, 65535
        Image.fromarray(depth).save(f'depth{index}.png')
        np.save(
            f'depth{index}.npy', np.where((depth > 0) & (depth < 65535), depth, 0).astype(np.float32) * np.float32(1e-3)
        )
    np.savetxt('cam.txt', [[30, 0, 16], [0, 30, 12], [0, 0, 1]])
    poses = np.tile(np.eye(4)[:3].ravel(), (2, 1))
    poses[1, 3] = -0.1
    np.savetxt('poses.txt', poses)
    return tmp_path


FILES = ('--depth', 'depth0.png', 'depth1.png', '--depth-scale', '0.001')


def test_two_views_in_one_cloud(scene, capsys):
    command = ['point-cloud', '0.png', '1.png', '--intrinsics', 'cam.txt', '--poses', 'poses.txt']
    main([*command, *FILES, '--out', 'a.ply'])
    assert '1408 points of 2 image(s)' in capsys.readouterr().out  # two rows of each view have no depth
    main([*command, '--depth', 'depth0.npy', 'depth1.npy', '--out', 'b.ply'])
    assert (scene / 'a.ply').read_bytes() == (scene / 'b.ply').read_bytes()
    for index in range(2):
        np.save(f'mm{index}.npy', np.load(f'depth{index}.npy') * 1000)
    main([*command, '--depth', 'mm0.npy', 'mm1.npy', '--depth-scale', '0.001', '--out', 'c.ply'])
    assert (scene / 'a.ply').stat().st_size == (scene / 'c.ply').stat().st_size
    a, c = (
        np.frombuffer((scene / name).read_bytes().partition(b'end_header\n')[2], '<f4,<f4,<f4,V15')['f2']
        for name in ('a.ply', 'c.ply')
    )
    np.testing.assert_allclose(a, c, rtol=1e-6)


def test_depth_is_predicted_for_the_camera(scene):
    sizes = {}
    for degrees in ('40', '80'):
        main(['point-cloud', '0.png', '--field-of-view', degrees, '--out', f'{degrees}.ply'])
        data = (scene / f'{degrees}.ply').read_bytes().partition(b'end_header\n')[2]
        sizes[degrees] = np.frombuffer(data, '<f4,<f4,<f4,V15')['f2'].mean()
    assert sizes['40'] > sizes['80']  # what a longer lens shows is farther away


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('0.png', '--out', 'a.ply'), 'one of the arguments --field-of-view --intrinsics is required'),
        (('0.png', '--field-of-view', '200', '--out', 'a.ply'), '--field-of-view: the field of view must lie between'),
        (('0.png', '1.png', '--field-of-view', '60', '--out', 'a.ply'), '2 images need the poses'),
        (('0.png', '--field-of-view', '60', '--out', 'a.obj'), 'a.obj: expected a name that ends in .ply'),
        (('0.png', '--field-of-view', '60', '--depth', 'depth0.png', '--out', 'a.ply'), '--depth-scale 0.001'),
        (('0.png', '--field-of-view', '60', *FILES, '--out', 'a.ply'), '2 depth maps for 1 images'),
        (
            ('0.png', '--intrinsics', 'poses.txt', '--out', 'a.ply'),
            'poses.txt: expected rows of 3 numbers, found rows of 12',
        ),
        (('0.png', '--poses', 'poses.txt', '--field-of-view', '60', '--out', 'a.ply'), 'has 2 poses for 1 images'),
        (
            ('0.png', '--field-of-view', '60', '--depth-scale', '0.001', '--out', 'a.ply'),
            '--depth-scale: needs --depth',
        ),
        (('none.png', '--field-of-view', '60', '--out', 'a.ply'), 'none.png'),
        (('0.png', '--field-of-view', '60', '--out', 'none/a.ply'), 'there is no folder none'),
    ],
)
def test_bad_input_is_one_line(scene, capsys, arguments, message):
    with pytest.raises(SystemExit) as end:
        main(['point-cloud', *arguments])
    assert end.value.code == 2 and message in capsys.readouterr().err.strip().splitlines()[-1]
    assert not list(scene.glob('*.ply'))
