"""The wheel where there is no checkout: every recipe loads, and the demo, a training and a prediction run."""

from pathlib import Path

import numpy as np
import pytest
from wheel_environment import ROOT, WheelEnvironment, build_wheel

pytestmark = pytest.mark.check

RECIPE = 'baseline/aspp_resnet18_b8_2e_rooms_full'
SHORT = [
    *(
        f'{split}_dataloader.dataset.{option}'
        for split in ('train', 'val', 'test')
        for option in ('scenes=3', 'size=(32,40)')
    ),
    *(f'{split}_dataloader.num_workers=0' for split in ('train', 'val', 'test')),
    'train_cfg.max_epochs=1',
    'train_cfg.val_interval=1',
    'protocol=None',
]
LOAD_ALL = """
import warnings
from pathlib import Path
import mmmtl
from mmmtl.apis import load_config
from mmmtl.configuration.recipes import all_recipes
from mmmtl.configuration.shipped_recipes import recipes_folder

assert recipes_folder() == Path(mmmtl.__file__).parent / 'configs', recipes_folder()
warnings.simplefilter('ignore')
names = all_recipes(recipes_folder())
for name in names:
    load_config(name)
print(len(names))
"""


@pytest.fixture(scope='module')
def environment(tmp_path_factory) -> WheelEnvironment:
    folder = tmp_path_factory.mktemp('wheel')
    return WheelEnvironment(folder / 'venv', folder / 'cache').create(build_wheel(folder))


@pytest.fixture(scope='module')
def trained(environment, tmp_path_factory) -> Path:
    """An otherwise empty folder in which a recipe was trained by its name."""
    folder = tmp_path_factory.mktemp('empty')
    done = environment.run('mmmtl', 'train', RECIPE, '--cfg-options', *SHORT, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_nothing_of_the_checkout_is_imported(environment, tmp_path):
    done = environment.run('python', '-c', 'import mmmtl; print(mmmtl.__file__)', folder=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(environment.folder), done.stderr


def test_every_recipe_is_there_and_loads(environment, tmp_path):
    listed = environment.run('mmmtl', 'table', '--list', folder=tmp_path)
    assert listed.returncode == 0, listed.stderr
    done = environment.run('python', '-c', LOAD_ALL, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(listed.stdout.splitlines()) > 200
    shipped = {path.relative_to(ROOT) for path in (ROOT / 'configs').rglob('*.py')}
    (package,) = environment.folder.glob('lib/python*/site-packages/mmmtl')
    assert {path.relative_to(package) for path in (package / 'configs').rglob('*.py')} == shipped


def test_the_demo(environment, tmp_path):
    done = environment.run('mmmtl', 'demo', '--cfg-options', *SHORT, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [row.split(' | ')[0].strip() for row in done.stdout.splitlines() if ' | ' in row] == [
        '',
        'untrained network',
        'constant baseline',
        'trained from pretrained weights',
    ]
    assert (tmp_path / 'work_dirs' / 'demo' / 'metrics.json').is_file()


def test_a_recipe_by_name_is_trained_tested_and_predicts(environment, trained):
    checkpoint = Path('work_dirs') / Path(RECIPE).name / 'epoch_1.pth'
    assert (trained / checkpoint).is_file()
    done = environment.run('mmmtl', 'test', RECIPE, checkpoint, '--cfg-options', *SHORT, folder=trained)
    assert done.returncode == 0 and 'semseg' in done.stdout, done.stderr
    image = next(environment.cache.rglob('0_image.png'))
    done = environment.run(
        'mmmtl', 'predict', image, '--model', RECIPE, '--checkpoint', checkpoint, '--out', 'maps', folder=trained
    )
    assert done.returncode == 0, done.stderr
    assert np.load(trained / 'maps' / '0_image.png.depth.npy').shape == (32, 40)
    assert (trained / 'maps' / '0_image.png.sheet.png').is_file()


def test_a_row_of_a_table_by_name(environment, tmp_path):
    done = environment.run('mmmtl', 'print-config', 'mtpsl/table_2.py::onelabel_cross_task', folder=tmp_path)
    assert done.returncode == 0 and 'train_dataloader' in done.stdout, done.stderr


def test_several_processes(environment, tmp_path):
    done = environment.run(
        'python', '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2', '-m', 'mmmtl', 'train', RECIPE,
        '--launcher', 'pytorch', '--cfg-options', *SHORT, 'train_dataloader.batch_size=4', folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'work_dirs' / Path(RECIPE).name / 'epoch_1.pth').is_file()
