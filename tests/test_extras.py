"""Optional extras: each has code behind it, a missing one is named in one line, and one's own data needs none."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mmmtl.errors import ConfigError
from mmmtl.extras import EXTRA_OF_MODULE, MissingExtraError, import_extra

ROOT = Path(__file__).parents[1]
FOR_DEVELOPERS = {'test', 'dev', 'docs'}
WITHOUT_EXTRAS = f"""
import sys
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec
hidden = {set(EXTRA_OF_MODULE)}
PathFinder.find_spec = lambda name, *rest, **named: (
    None if name.partition('.')[0] in hidden else find_spec(name, *rest, **named)
)

from mmmtl.cli.main import main

def run(*arguments):
    try:
        main(arguments)
    except SystemExit as end:
        print(f'exit code {{end.code}}', file=sys.stderr)
"""
OWN_DATA = """
import numpy as np
from pathlib import Path
from mmmtl.dataset_converters.posed_scenes import PosedFrame, write_scene
from mmmtl.files.output_folder import Output

K = np.array([[40.0, 0, 24], [0, 40.0, 16], [0, 0, 1]])
for split in ('train', 'val'):
    for number in range(2):
        image = np.random.default_rng(number).integers(0, 255, (32, 48, 3), np.uint8)
        frames = [PosedFrame(lambda: image, lambda: np.full((32, 48), 2.0), np.eye(4))] * 2
        write_scene(Output(Path(split)), f'scene{number}', frames, K, (32, 48))
Path('own.py').write_text('''
tasks = dict(depth=dict(type='mmmtl.Depth'), normal=dict(type='mmmtl.Normal'))
_pipeline = [dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')]
train_dataloader = dict(batch_size=2, num_workers=0, sampler=dict(type='mmmtl.EpochSampler'),
                        dataset=dict(type='mmmtl.PosedViews', root='train', split='all', pipeline=_pipeline))
val_dataloader = dict(batch_size=1, num_workers=0, sampler=dict(type='mmmtl.EvenlySplitSampler'),
                      dataset=dict(type='mmmtl.PosedViews', root='val', split='all', pipeline=_pipeline))
val_evaluator = dict(type='mmmtl.MultiTaskMetric')
model = dict(type='mmmtl.MultiTaskModel', backbone=dict(type='mmmtl.SegNet', widths=(4, 4)),
             decode_head=dict(type='mmmtl.PerTaskHead', head=dict(type='mmmtl.ConvHead', channels=4)))
optim_wrapper = dict(type='mmmtl.FiniteOptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
train_cfg = dict(by_epoch=True, max_epochs=1, val_interval=1)
val_cfg = dict()
randomness = dict(seed=0)
''')
run('train', 'own.py', '--work-dir', 'work')
run('predict', 'train/scene0/0.jpg', '--model', 'own.py', '--checkpoint', 'work/epoch_1.pth', '--out', 'maps')
"""


@pytest.fixture(scope='module')
def extras() -> dict[str, str]:
    """``{extra: its requirements}`` as users see them."""
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    known = project['optional-dependencies']
    return {name: ' '.join(packages) for name, packages in known.items() if name not in FOR_DEVELOPERS}


def without_extras(code: str, folder: Path) -> subprocess.CompletedProcess:
    environment = os.environ | {'MMMTL_CACHE': str(folder / 'cache')}
    return subprocess.run(
        [sys.executable, '-c', WITHOUT_EXTRAS + code], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_every_extra_has_code_behind_it(extras):
    files = [file for file in (ROOT / 'mmmtl').rglob('*.py') if file.name != 'extras.py']
    code = '\n'.join(file.read_text() for file in files)
    used = {extra for module, extra in EXTRA_OF_MODULE.items() if re.search(rf'\b{module}\b', code)}
    used |= set(re.findall(r'mmmtl\[(\w+)\]', code))  # data packages, of which no module is imported
    assert used == set(extras)


def test_every_optional_package_is_named_by_its_extra(extras):
    packages = {'mmseg': 'onedl-mmsegmentation', 'skimage': 'scikit-image', 'segment_anything': 'segment-anything'}
    for module, extra in EXTRA_OF_MODULE.items():
        assert packages.get(module, module) in extras[extra]


def test_a_missing_package_and_a_broken_one(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'pycolmap', None)
    with pytest.raises(MissingExtraError, match=r"^poses needs pycolmap, .* pip install 'mmmtl\[poses\]'$"):
        import_extra('pycolmap', 'poses')
    assert issubclass(MissingExtraError, ConfigError)
    monkeypatch.delitem(sys.modules, 'wandb', raising=False)  # another test may have imported it
    (tmp_path / 'wandb.py').write_text('import a_dependency_that_is_gone')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match='a_dependency_that_is_gone'):
        import_extra('wandb', 'tracking')


@pytest.mark.slow
def test_ones_own_data_needs_no_extra(tmp_path):
    done = without_extras(OWN_DATA, tmp_path)
    assert 'exit code' not in done.stderr and done.returncode == 0, done.stderr
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file() and (tmp_path / 'maps' / '0.jpg.depth.npy').is_file()


@pytest.mark.slow
def test_what_is_missing_is_one_line(tmp_path):
    """All of them in one process, which takes seconds to start."""
    rooms = 'baseline/aspp_resnet18_b8_2e_rooms_full'
    backend = "visualizer=dict(type='Visualizer',vis_backends=[dict(type='WandbVisBackend')])"
    commands = {
        ('demo',): 'rooms',
        ('browse', rooms): 'rooms',
        ('web',): 'web',
        ('print-config', 'baseline/aspp_hrnet_w18s_b8_2e_rooms_full'): 'mmseg',
        ('regions', rooms, '--backend', 'sam', '--out', 'maps'): 'regions',
        ('train', rooms, '--cfg-options', backend): 'tracking',
        ('export', 'rooms_lite0', 'a.onnx'): 'onnx',
        ('convert-dataset', 'nyuv2', 'a.mat', 'out', '--format', 'sak', '--splits', 'b', '--classes40', 'c'): 'nyuv2',
        ('train', 'weighting/rooms_small.py::cagrad'): 'weighting',
    }
    code = '\n'.join(f'run(*{command!r})' for command in commands)
    done = without_extras(code, tmp_path)
    lines = [line for line in done.stderr.splitlines() if line.startswith(('error', 'exit', 'Traceback'))]
    expected = [text for extra in commands.values() for text in (rf"pip install 'mmmtl\[{extra}\]'$", '^exit code 2$')]
    assert len(lines) == len(expected), done.stderr
    for line, text in zip(lines, expected, strict=True):
        assert re.search(text, line), done.stderr
    assert not (tmp_path / 'cache').exists()
