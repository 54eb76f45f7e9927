"""A check that all parts of a config have the same tasks, training size and batch size."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmmtl.errors import ConfigError
from mmmtl.registry import HOOKS

PARTS = ('model', 'train_dataloader', 'val_dataloader', 'test_dataloader', 'val_evaluator', 'test_evaluator')


@HOOKS.register_module()
class ConsistentConfigHook(Hook):
    """Check before a run that ``tasks``, ``trained_for`` and the batch size are the same in all parts of the config.

    A config sets each of them once and repeats them by reference where they are needed. `mmmtl.apis.load_config` keeps
    them equal; with MMEngine's own loader, a child config that changes only the first one would train and evaluate
    different tasks, or at a different scale.

    Raises:
        ConfigError: A part differs from the config in ``tasks`` or ``trained_for``, or a sampler from its loader in
            ``batch_size``.
    """

    def before_run(self, runner: Runner) -> None:
        check_consistent_config(runner.cfg)


def check_consistent_config(config: Config) -> None:
    """Raise ConfigError if a part differs from the config; see `ConsistentConfigHook`."""
    for path in contradictions(config):
        raise ConfigError(
            f'{path} differs from the entry that it repeats; load the config with '
            'mmmtl.apis.load_config, or change both entries'
        )


def contradictions(config: Config) -> Iterator[str]:
    """Yield the paths of entries that differ from the config."""
    for name in PARTS:
        part = config.get(name)
        for key in ('tasks', 'trained_for'):
            if part and config.get(key):
                yield from _differing_paths(part, key, config[key], name)
        sampler = part.get('sampler', {}) if isinstance(part, Mapping) else {}
        if part and 'batch_size' in sampler and sampler['batch_size'] != part['batch_size']:
            yield f'{name}.sampler.batch_size'


def _differing_paths(node: Any, shared_key: str, value: Mapping, path: str) -> Iterator[str]:
    """Yield the paths below `node` at which `shared_key` has a different value."""
    children = node.items() if isinstance(node, Mapping) else enumerate(node)
    for key, child in children:
        if key == shared_key:
            if child != value:
                yield f'{path}.{key}'
        elif isinstance(child, Mapping | list | tuple):
            yield from _differing_paths(child, shared_key, value, f'{path}.{key}')
