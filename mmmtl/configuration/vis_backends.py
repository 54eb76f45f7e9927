"""Visualization backends: add a tracker, and check that the packages of the configured ones are installed."""

import os
from collections.abc import Callable
from importlib.util import find_spec

from mmengine import visualization
from mmengine.config import Config
from mmengine.visualization import Visualizer

from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.errors import ConfigError
from mmmtl.extras import EXTRA_OF_MODULE, missing_extra

PACKAGES: dict[Callable, tuple[str, ...]] = {
    visualization.AimVisBackend: ('aim',),
    visualization.ClearMLVisBackend: ('clearml',),
    visualization.DVCLiveVisBackend: ('pygit2', 'dvclive'),
    visualization.MLflowVisBackend: ('mlflow',),
    visualization.NeptuneVisBackend: ('neptune',),
    visualization.TensorboardVisBackend: ('tensorboard',),
    visualization.WandbVisBackend: ('wandb',),
}

TRACKERS: dict[str, type] = {
    'tensorboard': visualization.TensorboardVisBackend,
    'wandb': visualization.WandbVisBackend,
}


def add_tracker(config: Config, name: str) -> None:
    """Add a tracker to the backends of the config's visualizer, unless it is among them.

    The log file ``vis_data/scalars.json`` is still written. Weights & Biases writes only into the work dir, unless the
    environment variable ``WANDB_MODE`` is set.

    Args:
        config: The config to change.
        name: ``'tensorboard'`` or ``'wandb'``.

    Raises:
        ConfigError: Its package is not installed.
    """
    visualizer = config.get('visualizer') or {'type': Visualizer}
    backends = visualizer.get('vis_backends') or [{'type': visualization.LocalVisBackend}]
    backends = [backends] if isinstance(backends, dict) else list(backends)
    target = TRACKERS[name]
    if not any(resolve_type(backend['type'], 'visualizer.vis_backends') is target for backend in backends):
        backend: dict = {'type': target}
        if name == 'wandb':
            backend['init_kwargs'] = {'project': 'mmmtl', 'mode': os.environ.get('WANDB_MODE', 'offline')}
        backends.append(backend)
    config.visualizer = {**visualizer, 'vis_backends': backends}
    check_vis_backends(config.visualizer)


def check_vis_backends(visualizer: Visualizer | dict | None) -> None:
    """Check that the packages which the ``vis_backends`` of a visualizer need are installed.

    Args:
        visualizer: The config of a visualizer; nothing is checked for None or a built one.

    Raises:
        ConfigError: A package is not installed.
    """
    backends = visualizer.get('vis_backends') if isinstance(visualizer, dict) else None
    for index, backend in enumerate([backends] if isinstance(backends, dict) else backends or []):
        path = f'visualizer.vis_backends[{index}]'
        if not isinstance(backend, dict):
            continue
        target = resolve_type(backend['type'], f'{path}.type')
        missing = [name for name in PACKAGES.get(target, ()) if find_spec(name) is None]
        for package in missing:
            if package in EXTRA_OF_MODULE:
                raise missing_extra(f'{path}: {target.__name__}', package)
        if missing:
            raise ConfigError(
                f'{path}: {target.__name__} needs {" and ".join(missing)}, which is not installed; '
                f'pip install {" ".join(missing)}'
            )
