"""Compare recipes by the entries of their configs that can change a result."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.config import Config

from mmmtl.files.checksums import json_digest

Entry = bool | int | float | str | list | None

# top-level keys that cannot change a result
IGNORED = {
    'work_dir',
    'load_from',
    'resume',
    'resume_despite',
    'launcher',
    'default_hooks',
    'visualizer',
    'vis_backends',
    'log_processor',
    'log_level',
    'env_cfg',
    'experiment_name',
    'find_unused_parameters',
    'trained_for',
}
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# arguments of a loader that change its speed, but not its batches
IGNORED_IN_LOADERS = {
    'num_workers',
    'pin_memory',
    'pin_memory_device',
    'persistent_workers',
    'prefetch_factor',
    'timeout',
    'multiprocessing_context',
}
NOT_SET = object()


def flatten_recipe(config: Config) -> dict[str, Entry]:
    """Return every entry of a config that can change a result, ``{'train_dataloader.batch_size': 8, ...}``.

    The seed is ignored, as are the default hooks (except the entries that select a checkpoint), the copies of
    ``tasks`` that `load_config` makes, ``auto_scale_lr`` unless it is enabled, and ``load_from``, which is the tested
    checkpoint in a test: `PlannedRun` records in ``started_from`` where initial weights come from.
    """
    entries = config.to_dict()
    recipe = {key: value for key, value in entries.items() if key not in IGNORED and not key.startswith('_')}
    for name in LOADERS:
        if recipe.get(name):
            recipe[name] = {key: value for key, value in recipe[name].items() if key not in IGNORED_IN_LOADERS}
    if not (recipe.get('auto_scale_lr') or {}).get('enable'):
        recipe.pop('auto_scale_lr', None)
    recipe['randomness'] = {key: value for key, value in (recipe.get('randomness') or {}).items() if key != 'seed'}
    checkpoint = (entries.get('default_hooks') or {}).get('checkpoint') or {}
    recipe['default_hooks'] = {'checkpoint': {key: checkpoint.get(key) for key in ('save_best', 'rule')}}
    return dict(_flat(recipe, '', entries.get('tasks')))


def recipe_digest(config: Config) -> str:
    """Return a digest that is equal for two configs with equal `flatten_recipe`."""
    return json_digest(flatten_recipe(config))


def recipe_differences(before: Mapping[str, Entry], now: Mapping[str, Entry]) -> dict[str, str]:
    """Return ``{'train_cfg.max_epochs': 'was 2, is 4'}`` for every entry that differs between two recipes.

    Args:
        before: Entries of the first recipe, from `flatten_recipe`.
        now: Entries of the second one.
    """
    differences = {}
    for key in dict.fromkeys([*before, *now]):
        old, new = before.get(key, NOT_SET), now.get(key, NOT_SET)
        if old != new:
            differences[key] = f'was {_shown(old)}, is {_shown(new)}'
    return differences


def _shown(value: Any) -> str:
    text = 'not set' if value is NOT_SET else str(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def _flat(node: Any, path: str, tasks: Any) -> Iterator[tuple[str, Entry]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            if not (path and key == 'tasks' and value == tasks):
                yield from _flat(value, f'{path}.{key}' if path else str(key), tasks)
    elif isinstance(node, Sequence) and any(isinstance(item, Mapping | list | tuple) for item in node):
        for index, item in enumerate(node):
            yield from _flat(item, f'{path}[{index}]', tasks)
    else:
        yield path, _plain_value(node)


def _plain_value(value: Any) -> Entry:
    if isinstance(value, list | tuple):
        return [_plain_value(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return (
        f'{value.__module__}.{value.__qualname__}' if callable(value) and hasattr(value, '__qualname__') else str(value)
    )
