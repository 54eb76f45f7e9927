"""A sequence of SUN3D in miniature -> pairs: moved bits, the newest extrinsics, depth of the nearest time."""

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets import PosedViews
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import DataError
from mmmtl.tasks import Depth


@pytest.fixture
def sequence(tmp_path):
    """Six frames along a wall 2 m away, 10 cm a frame."""
    folder = tmp_path / 'hotel_toy' / 'toy1'
    for kind in ('image', 'depth', 'extrinsics'):
        (folder / kind).mkdir(parents=True)
    rows = []
    millimetres = np.full((480, 640), 2000, np.uint16)
    for frame in range(6):
        time = 33000 * frame
        Image.fromarray(np.full((480, 640, 3), 20 * frame, np.uint8)).save(
            folder / 'image' / f'{frame:07d}-{time:012d}.jpg'
        )
        Image.fromarray((millimetres << 3) | (millimetres >> 13)).save(
            folder / 'depth' / f'{frame:07d}-{time + 5000:012d}.png'
        )
        rows += [f'1 0 0 {0.1 * frame}', '0 1 0 0', '0 0 1 0']
    (folder / 'intrinsics.txt').write_text('570 0 320\n0 570 240\n0 0 1\n')
    (folder / 'extrinsics' / '20130101000000.txt').write_text('1 0 0 7\n')
    (folder / 'extrinsics' / '20140101000000.txt').write_text('\n'.join(rows) + '\n')
    return folder


def test_pairs_that_load(mmmtl_command, sequence, tmp_path, capsys):
    arguments = [str(sequence), str(tmp_path / 'out'), '--every', '1', '--size', '48', '64', '--overlap', '0.8', '0.93']
    mmmtl_command('convert-dataset', 'sun3d', *arguments)
    assert 'hotel_toy-toy1: 6 pairs; 0 of 6 frames' in capsys.readouterr().out
    dataset = PosedViews(
        root=str(tmp_path / 'out'),
        split='all',
        view_mode='all',
        tasks={'depth': Depth('depth')},
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    )
    assert dataset.records[0].name == 'hotel_toy-toy1_00000'
    for packed in (dataset[index] for index in range(6)):
        first, second = packed['data_samples']
        assert first.gt.depth.unique().tolist() == [2]
        steps = (first.camera_T_world - second.camera_T_world)[0, 3].item() / 0.1  # camera to world in the file
        assert abs(round(steps)) in (2, 3)
        shade = (packed['inputs'][1].float().mean() - packed['inputs'][0].float().mean()).item() / 20
        assert shade == pytest.approx(steps, abs=0.1)


def test_every_number_survives_the_moved_bits(tool, tmp_path):
    raw = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    Image.fromarray((raw << 3) | (raw >> 13)).save(tmp_path / 'd.png')
    np.testing.assert_allclose(
        tool('dataset_converters/sun3d').read_sun3d_depth(tmp_path / 'd.png'), raw / 1000, rtol=1e-6
    )


def test_what_is_missing_is_named(tool, sequence):
    script = tool('dataset_converters/sun3d')
    (sequence / 'extrinsics' / '20140101000000.txt').unlink()
    with pytest.raises(DataError, match='3 rows for each of 6 images'):
        script.read_sun3d(sequence, every=1)
    for path in (sequence / 'depth').iterdir():
        path.unlink()
    with pytest.raises(DataError, match='no files FRAME-TIME'):
        script.read_sun3d(sequence, every=1)
