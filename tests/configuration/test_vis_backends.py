"""Backends whose package is not installed are named before anything runs."""

import pytest
from mmengine.visualization import LocalVisBackend, TensorboardVisBackend, Visualizer
from tiny_run import tiny_run

from mmmtl.configuration.vis_backends import check_vis_backends
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
