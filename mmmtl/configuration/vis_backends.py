"""Check that the packages of the configured visualization backends are installed."""

from collections.abc import Callable
from importlib.util import find_spec

from mmengine import visualization
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
