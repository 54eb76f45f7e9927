"""Refuse configs whose parts contradict each other about tasks, the trained size or the batch size."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmmtl.errors import ConfigError
from mmmtl.registry import HOOKS

PARTS = ('model', 'train_dataloader', 'val_dataloader', 'test_dataloader', 'val_evaluator', 'test_evaluator')


@HOOKS.register_module()
class HandedOutHook(Hook):
    """Check before a run what `mmmtl.apis.load_config` hands out, for configs that MMEngine's own loader has read.

    A config states its tasks, its batch size and what it is trained for once and repeats them where they are needed. A
    child config that changes the first place only would train and evaluate different tasks, or at another scale.

    Raises:
        ConfigError: A part has other ``tasks`` or another ``trained_for`` than the config, or a sampler another
            ``batch_size`` than its loader.
    """

    def before_run(self, runner: Runner) -> None:
        check_handed_out(runner.cfg)


def check_handed_out(config: Config) -> None:
    """Raise ConfigError where a part of the config contradicts it."""
    for path in contradictions(config):
        raise ConfigError(
            f'{path} contradicts the config: it was changed in one place only; load the config by '
            'mmmtl.apis.load_config, or change it there too'
        )


def contradictions(config: Config) -> Iterator[str]:
    """Paths of entries that differ from what the config states once."""
    for name in PARTS:
        part = config.get(name)
        for key in ('tasks', 'trained_for'):
            if part and config.get(key):
                yield from _others(part, key, config[key], name)
        if part and 'batch_size' in (part.get('sampler', {}) if isinstance(part, Mapping) else {}):
            if part['sampler']['batch_size'] != part['batch_size']:
                yield f'{name}.sampler.batch_size'


def _others(node: Any, handed_out: str, value: Mapping, path: str) -> Iterator[str]:
    children = node.items() if isinstance(node, Mapping) else enumerate(node)
    for key, child in children:
        if key == handed_out:
            if child != value:
                yield f'{path}.{key}'
        elif isinstance(child, Mapping | list | tuple):
            yield from _others(child, handed_out, value, f'{path}.{key}')
