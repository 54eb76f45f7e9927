"""The ``mmmtl`` command: help without heavy imports, one command per tool, options as in the code that they set."""

import runpy
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_video import write_video
from tool_process import CONFIGS

from mmmtl.apis import init_model
from mmmtl.cli import pseudo_disparity, regions
from mmmtl.cli.convert_dataset import DATASETS
from mmmtl.cli.convert_model import NETWORKS
from mmmtl.cli.main import COMMANDS, main
from mmmtl.cli.options import LAUNCHERS
from mmmtl.engine import launch
from mmmtl.pseudo_labels import region_backends
from mmmtl.pseudo_labels.stereo_matching import SemiGlobalMatcher

TOOLS = Path(__file__).parents[2] / 'tools'
NOT_COMMANDS = {'check_system.py', 'compare_revisions.py'}  # of the repository
NESTED = [f'convert-dataset {name}' for name in DATASETS] + [f'convert-model {name}' for name in NETWORKS]
EVERY = ['', *COMMANDS, *NESTED]
CONFIG = CONFIGS / 'tiny_rooms.py'
HELP = """
import contextlib, io, sys
from mmmtl.cli.main import main
for name in {names}:
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        main([*name.split(), '--help'])
    assert 'usage: mmmtl ' + name in text.getvalue() and '--help' in text.getvalue(), name
heavy = {{'torch', 'numpy', 'mmengine', 'mmcv', 'cv2'}} & set(sys.modules)
assert not heavy, heavy
"""


def test_help_imports_nothing_heavy():
    done = subprocess.run([sys.executable, '-c', HELP.format(names=EVERY)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    'path', sorted(path for path in TOOLS.rglob('*.py') if path.name not in NOT_COMMANDS), ids=lambda path: path.stem
)
def test_every_tool_is_a_command(path, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', [str(path), '--help'])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(path), run_name='__main__')
    assert end.value.code == 0 and capsys.readouterr().out.startswith('usage: ')


def test_options_agree_with_the_code():
    assert LAUNCHERS == launch.LAUNCHERS
    assert regions.BACKENDS == region_backends.BACKENDS
    assert {name: default for name, (default, _) in pseudo_disparity.SGBM.items()} == asdict(SemiGlobalMatcher())


@pytest.mark.parametrize('arguments', [['trian'], [], ['train'], ['table'], ['convert-model']])
def test_usage_errors(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2 and 'error: ' in capsys.readouterr().err.splitlines()[-1]


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('weights') / 'weights.pth'
    torch.save({'state_dict': init_model(CONFIG).state_dict()}, path)
    return path


def predict(checkpoint: Path) -> list[str]:
    return ['predict', '--model', str(CONFIG), '--checkpoint', str(checkpoint)]


def test_predict_skips_damaged_images(checkpoint, tmp_path, capsys):
    Image.fromarray(np.zeros((32, 40, 3), np.uint8)).save(tmp_path / 'a.png')
    (tmp_path / 'b.png').write_bytes((tmp_path / 'a.png').read_bytes()[:60])
    with pytest.raises(SystemExit) as end:
        main([*predict(checkpoint), f'{tmp_path}/b.png', f'{tmp_path}/a.png', '--out', f'{tmp_path}/out'])
    error = capsys.readouterr().err
    assert end.value.code == 1 and 'skipped: ' in error and error.splitlines()[-1] == '1 file(s) could not be read'
    assert {path.name.partition('.')[0] for path in (tmp_path / 'out').iterdir()} == {'a', 'settings'}


def test_predict_rejects_two_images_with_the_same_name(checkpoint, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main([*predict(checkpoint), f'{tmp_path}/x/a.png', f'{tmp_path}/y/a.png'])
    assert end.value.code == 2 and f'{tmp_path}/y/a.png: another image has the same name' in capsys.readouterr().err


def test_predict_needs_weights(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(['predict', f'{tmp_path}/a.png', '--model', str(CONFIG)])
    assert end.value.code == 2 and 'give a checkpoint: --checkpoint FILE' in capsys.readouterr().err


def test_predict_a_folder(checkpoint, tmp_path, capsys):
    (tmp_path / 'photos').mkdir()
    for name, size in (('a.png', (40, 32)), ('b.jpg', (30, 50))):
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), np.uint8)).save(
            tmp_path / 'photos' / name
        )
    main([*predict(checkpoint), str(tmp_path / 'photos'), '--out', str(tmp_path / 'out')])
    assert np.load(tmp_path / 'out' / 'a.png.depth.npy').shape == (32, 40)
    assert np.asarray(Image.open(tmp_path / 'out' / 'b.jpg.normal.png')).shape == (50, 30, 3)
    with Image.open(tmp_path / 'out' / 'b.jpg.semseg.png') as classes:
        assert classes.mode == 'P' and classes.size == (30, 50)
    endings = ('semseg.png', 'depth.png', 'depth.npy', 'normal.png', 'overlay.png', 'sheet.png')
    written = {path.name for path in (tmp_path / 'out').iterdir()}
    assert written == {f'{name}.{ending}' for name in ('a.png', 'b.jpg') for ending in endings} | {'settings.json'}
    assert 'semseg, depth, normal of 2 image(s)' in capsys.readouterr().out
    main([*predict(checkpoint), str(tmp_path / 'photos'), '--out', str(tmp_path / 'out'), '--write', 'arrays'])
    assert np.load(tmp_path / 'out' / 'a.png.semseg.npy').dtype == np.uint8
    assert '2 image(s)\n' in capsys.readouterr().out, 'the arrays were missing'
    main([*predict(checkpoint), str(tmp_path / 'photos'), '--out', str(tmp_path / 'out')])
    assert '2 image(s), 2 of them finished before' in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        main([*predict(checkpoint), str(tmp_path / 'photos'), '--out', str(tmp_path / 'out'), '--flip'])
    assert end.value.code == 2 and 'made with flip = False, not True' in capsys.readouterr().err


def test_predict_does_not_write_into_the_folder_of_the_images(checkpoint, tmp_path, capsys):
    Image.fromarray(np.zeros((32, 40, 3), np.uint8)).save(tmp_path / 'a.png')
    with pytest.raises(SystemExit) as end:
        main([*predict(checkpoint), str(tmp_path), '--out', f'{tmp_path}/sub/..'])
    assert end.value.code == 2 and 'is the folder of the images' in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['a.png']


def test_predict_a_video_with_all_options(checkpoint, tmp_path):
    write_video(tmp_path / 'clip.avi', 5)
    options = '--frame-step 2 --batch-size 2 --flip --scales 0.5 1 --window-tasks depth --window-scale 1.5'.split()
    camera = '--intrinsics 40 40 24 16 --write maps --cfg-options trained_for.field_of_view=60'.split()
    main([*predict(checkpoint), str(tmp_path / 'clip.avi'), '--out', str(tmp_path / 'out'), *options, *camera])
    written = sorted(path.name for path in (tmp_path / 'out' / 'clip.avi').glob('*.npy'))
    assert written == ['000000.depth.npy', '000002.depth.npy', '000004.depth.npy']


@pytest.mark.parametrize(
    ('image', 'options', 'message'),
    [
        ('none.png', [], 'none.png'),
        ('', [], 'no image in this folder'),
        ('', ['--device', 'gpu'], "--device 'gpu'"),
        ('*.png', [], 'no file matches this pattern'),
        ('a.png', ['--scales', '-1'], 'scales must be numbers between'),
        ('a.png', ['--window-tasks', 'edge'], "no task 'edge'; the network predicts semseg, depth, normal"),
        ('a.png', ['--window-scale', '0'], 'window_scale must be at least 1'),
    ],
)
def test_predict_bad_input(image, options, message, checkpoint, tmp_path, capsys):
    (tmp_path / 'photos').mkdir()
    with pytest.raises(SystemExit) as end:
        main([*predict(checkpoint), f'{tmp_path}/photos/{image}', '--out', f'{tmp_path}/out', *options])
    assert end.value.code == 2
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith('error: '))
    assert message in line
