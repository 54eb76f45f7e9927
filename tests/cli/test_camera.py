"""The camera of predicted images: each gets a point cloud, whatever its size; bad input is one line."""

import numpy as np
import pytest
import torch
from noise_images import write
from ply_reader import read_ply
from small_export import noise_photograph
from tool_process import CONFIGS

from mmmtl.apis import init_model
from mmmtl.cli.main import main
from mmmtl.cli.predict import check_depth
from mmmtl.errors import ConfigError
from mmmtl.geometry import intrinsics_of_field_of_view
from mmmtl.tasks import Edge

CONFIG = CONFIGS / 'tiny_rooms.py'


@pytest.fixture(scope='module')
def network(tmp_path_factory) -> list[str]:
    """Options of a network of classes, depth and normals with random weights, trained for 60 degrees."""
    folder = tmp_path_factory.mktemp('network')
    for name, end in (('known', 'trained_for = dict(field_of_view=60)\n'), ('unknown', '')):
        (folder / f'{name}.py').write_text(f'{CONFIG.read_text().replace("...configs", "mmmtl.configs")}{end}')
    checkpoint = folder / 'weights.pth'
    torch.manual_seed(0)
    weights = init_model(CONFIG).state_dict()
    for name, values in weights.items():
        if 'depth' in name and name.endswith('bias'):
            values.fill_(1.0)  # so that the depth is positive
    torch.save({'state_dict': weights}, checkpoint)
    return ['--model', str(folder / 'known.py'), '--checkpoint', str(checkpoint)]


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'photos').mkdir()
    for name, size in (('a', (60, 80)), ('b', (80, 60)), ('c', (21, 33))):
        write(tmp_path / 'photos' / f'{name}.png', noise_photograph(*size))
    return tmp_path


@pytest.mark.parametrize('batch_size', ['1', '3'])
def test_each_image_has_a_cloud_of_its_depth(photos, network, batch_size):
    main(['predict', 'photos', *network, '--field-of-view', '70', '--point-cloud', '--write', 'arrays', 'maps',
          '--batch-size', batch_size])  # fmt: skip
    for name, (height, width) in (('a', (60, 80)), ('b', (80, 60)), ('c', (20, 32))):
        lines, points = read_ply(photos / 'predictions' / f'{name}.png.ply')
        assert 'comment metres; camera frame: x right, y down, z forward' in lines
        depth = np.load(photos / 'predictions' / f'{name}.png.depth.npy')
        assert depth.shape == (height, width)
        rows, columns = np.nonzero(depth > 0)
        assert len(points) == len(rows) > height * width / 2
        np.testing.assert_allclose(points['z'], depth[depth > 0], rtol=1e-5)
        focal = width / 2 / np.tan(np.radians(35))
        np.testing.assert_allclose(points['x'] / points['z'] * focal, columns + 0.5 - width / 2, atol=1e-3)
        np.testing.assert_allclose(points['y'] / points['z'] * focal, rows + 0.5 - height / 2, atol=1e-3)
        normal = np.load(photos / 'predictions' / f'{name}.png.normal.npy')[depth > 0]
        np.testing.assert_allclose(np.stack([points[axis] for axis in ('nx', 'ny', 'nz')], 1), normal, atol=1e-5)


def test_a_field_of_view_is_the_same_as_its_intrinsics(photos, network):
    camera = intrinsics_of_field_of_view(50, (60, 80))
    numbers = [repr(float(camera[index])) for index in ((0, 0), (1, 1), (0, 2), (1, 2))]
    main(['predict', 'photos/a.png', *network, '--write', 'point-cloud', '--field-of-view', '50', '--out', 'x'])
    main(['predict', 'photos/a.png', *network, '--write', 'point-cloud', '--intrinsics', *numbers, '--out', 'y'])
    np.savetxt('cam.txt', camera, '%.17g')
    main(['predict', 'photos/a.png', *network, '--write', 'point-cloud', '--intrinsics', 'cam.txt', '--out', 'y2'])
    main(['point-cloud', 'photos/a.png', *network, '--field-of-view', '50', '--out', 'z.ply'])
    main(['point-cloud', 'photos/a.png', *network, '--intrinsics', *numbers, '--out', 'z2.ply'])
    assert [path.name for path in sorted((photos / 'x').iterdir())] == ['a.png.ply', 'settings.json']
    files = ('x/a.png.ply', 'y/a.png.ply', 'y2/a.png.ply', 'z.ply', 'z2.ply')
    clouds = {(photos / file).read_bytes() for file in files}
    assert len(clouds) == 1


def test_depth_is_corrected_only_if_the_network_can(photos, network, capsys):
    depths = {}
    for degrees in ('40', '80'):
        for name in ('known', 'unknown'):
            options = [option.replace('known.py', f'{name}.py') for option in network]
            main(['predict', 'photos/a.png', *options, '--out', f'{name}{degrees}', '--write', 'maps',
                  '--point-cloud', '--field-of-view', degrees])  # fmt: skip
            depths[name, degrees] = read_ply(photos / f'{name}{degrees}' / 'a.png.ply')[1]['z']
            assert ('depth is not corrected for the camera' in capsys.readouterr().err) == (name == 'unknown')
    assert np.array_equal(depths['unknown', '40'], depths['unknown', '80'])
    assert depths['known', '40'].mean() > depths['known', '80'].mean()


def test_finished_clouds_are_skipped(photos, network, capsys):
    command = ['predict', 'photos', *network, '--field-of-view', '60', '--write', 'overlay']
    main(command)
    main([*command, '--point-cloud'])
    assert 'of 3 image(s)\n' in capsys.readouterr().out, 'the clouds were missing'
    main([*command, '--point-cloud'])
    assert '3 of them finished before' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--point-cloud'], 'a point cloud needs the camera: --field-of-view DEGREES, or --intrinsics FX'),
        (['--write', 'point-cloud'], 'a point cloud needs the camera'),
        (['--field-of-view', '180'], '--field-of-view: the field of view must lie between 0 and 180 degrees'),
        (['--field-of-view', 'wide'], "invalid float value: 'wide'"),
        (['--field-of-view', '60', '--intrinsics', '9', '9', '9', '9'], 'not allowed with argument --field-of-view'),
        (['--intrinsics', '90', '90', '9'], '--intrinsics 90 90 9: expected four numbers FX FY CX CY, or a text file'),
        (['--intrinsics', 'none.txt'], '--intrinsics none.txt: expected four numbers'),
        (['--point-cloud', '--intrinsics', '90', '90', '500', '9'], 'a.png: principal point (500, 9) is far outside'),
    ],
)
def test_bad_cameras(photos, network, options, message, capsys):
    with pytest.raises(SystemExit) as end:
        main(['predict', 'photos', *network, *options])
    assert end.value.code == 2 and message in capsys.readouterr().err.strip().splitlines()[-1]
    assert not list(photos.glob('predictions/*.p*'))


def test_a_network_without_depth_is_named():
    with pytest.raises(ConfigError, match='edges.py: does not predict depth, which a point cloud needs'):
        check_depth({'edge': Edge('edge')}, 'edges.py')
