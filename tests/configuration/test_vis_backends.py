"""Backends whose package is not installed are named before anything runs."""

from importlib.util import find_spec

import pytest
from mmengine.config import Config
from mmengine.visualization import LocalVisBackend, TensorboardVisBackend, Visualizer, WandbVisBackend
from tiny_run import tiny_run
from tool_process import CONFIGS, run

from mmmtl.cli import train
from mmmtl.configuration.vis_backends import TRACKERS, add_tracker, check_vis_backends
from mmmtl.errors import ConfigError


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr('mmmtl.configuration.vis_backends.find_spec', lambda name: None)


@pytest.mark.parametrize(
    'backend, packages, installs',
    [
        ('TensorboardVisBackend', 'tensorboard', "'mmmtl[tracking]'"),
        (TensorboardVisBackend, 'tensorboard', "'mmmtl[tracking]'"),
        ('WandbVisBackend', 'wandb', "'mmmtl[tracking]'"),
        ('DVCLiveVisBackend', 'pygit2 and dvclive', 'pygit2 dvclive'),
    ],
)
def test_a_missing_package_is_named(backend, packages, installs, nothing_installed):
    backends = [dict(type='LocalVisBackend'), dict(type=backend)]
    with pytest.raises(ConfigError) as caught:
        check_vis_backends(dict(type='Visualizer', vis_backends=backends))
    name = backend if isinstance(backend, str) else backend.__name__
    assert str(caught.value) == (
        f'visualizer.vis_backends[1]: {name} needs {packages}, which is not installed; pip install {installs}'
    )


@pytest.mark.parametrize(
    'visualizer',
    [
        None,
        dict(type='Visualizer'),
        dict(type='Visualizer', vis_backends=[dict(type=LocalVisBackend)]),
        dict(type='Visualizer', vis_backends=dict(type='LocalVisBackend')),
        Visualizer(name='built'),
    ],
)
def test_what_needs_nothing_passes(visualizer, nothing_installed):
    check_vis_backends(visualizer)


def test_what_is_installed_passes(monkeypatch):
    monkeypatch.setattr('mmmtl.configuration.vis_backends.find_spec', lambda name: name)
    check_vis_backends(dict(type='Visualizer', vis_backends=[dict(type='TensorboardVisBackend')]))


def test_a_run_checks_its_vis_backends(tmp_path, nothing_installed):
    backends = [dict(type='TensorboardVisBackend')]
    with pytest.raises(ConfigError, match='needs tensorboard'):
        tiny_run(tmp_path, visualizer=dict(type='Visualizer', vis_backends=backends))


@pytest.fixture
def everything_installed(monkeypatch):
    monkeypatch.setattr('mmmtl.configuration.vis_backends.find_spec', lambda name: name)


def test_a_tracker_keeps_the_log_file_and_is_added_once(everything_installed):
    config = Config()
    for _ in range(2):
        add_tracker(config, 'tensorboard')
        types = [backend['type'] for backend in config.visualizer.vis_backends]
        assert types == [LocalVisBackend, TensorboardVisBackend]


def test_a_tracker_keeps_the_visualizer_of_the_config(everything_installed):
    own = dict(type='Visualizer', vis_backends=dict(type='MLflowVisBackend'), name='mine')
    config = Config(dict(visualizer=own))
    add_tracker(config, 'tensorboard')
    assert config.visualizer.name == 'mine' and config.visualizer.vis_backends[0].type == 'MLflowVisBackend'
    assert config.visualizer.vis_backends[1].type is TensorboardVisBackend


@pytest.mark.parametrize(('variable', 'mode'), [(None, 'offline'), ('online', 'online'), ('disabled', 'disabled')])
def test_wandb_is_offline_by_default(variable, mode, everything_installed, monkeypatch):
    monkeypatch.delenv('WANDB_MODE', raising=False)
    if variable:
        monkeypatch.setenv('WANDB_MODE', variable)
    config = Config()
    add_tracker(config, 'wandb')
    backend = config.visualizer.vis_backends[1]
    assert backend.type is WandbVisBackend and backend.init_kwargs.mode == mode


@pytest.mark.parametrize('name', ['tensorboard', 'wandb'])
def test_a_tracker_without_its_package_is_one_line(name, nothing_installed):
    with pytest.raises(ConfigError, match=rf"needs {name}, which is not installed; pip install 'mmmtl\[tracking\]'$"):
        add_tracker(Config(), name)


def test_the_option_of_the_command():
    assert set(train.TRACKERS) == set(TRACKERS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'files'), [('tensorboard', '**/events.out.tfevents*'), ('wandb', '**/offline-run-*/*.wandb')]
)
def test_training_with_a_tracker(name, files, tmp_path, rooms_cache, monkeypatch):
    if find_spec(name) is None:
        pytest.skip(f'needs {name}, of the extra tracking')
    monkeypatch.delenv('WANDB_MODE', raising=False)
    options = ['--visualizer', name, '--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    done = run(
        'train.py', CONFIGS / 'tiny_rooms.py', '--work-dir', tmp_path / 'work', *options, folder=tmp_path / 'out'
    )
    assert done.code == 0, done.stderr
    assert [file for file in (tmp_path / 'work').glob(files) if file.stat().st_size > 0]
    (log,) = (tmp_path / 'work').glob('*/vis_data/scalars.json')
    assert 'depth/abs_rel' in log.read_text()
