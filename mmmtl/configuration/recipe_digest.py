"""A recipe entry by entry: what of a config can change a number, and where two recipes differ."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.config import Config

Entry = bool | int | float | str | list | None

WITHOUT_INFLUENCE = {
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
# arguments of a loader that decide how fast a batch comes, and not what is in it
LOADING = {
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
    """``{'train_dataloader.batch_size': 8, ...}``: every entry of a config that can change a number, except the seed.

    Of the default hooks only the entries count by which a checkpoint is chosen. `PlannedRun` states in
    ``started_from`` where weights come from; a config's own ``load_from``, which is the tested checkpoint in a test,
    is left out. So are copies of ``tasks``, which `load_config` hands out.
    """
    whole = config.to_dict()
    recipe = {key: value for key, value in whole.items() if key not in WITHOUT_INFLUENCE and not key.startswith('_')}
    for name in LOADERS:
        if recipe.get(name):
            recipe[name] = {key: value for key, value in recipe[name].items() if key not in LOADING}
    recipe['randomness'] = {key: value for key, value in (recipe.get('randomness') or {}).items() if key != 'seed'}
    checkpoint = (whole.get('default_hooks') or {}).get('checkpoint') or {}
    recipe['default_hooks'] = {'checkpoint': {key: checkpoint.get(key) for key in ('save_best', 'rule')}}
    return dict(_flat(recipe, '', whole.get('tasks')))


def recipe_digest(config: Config) -> str:
    """Equal for two configs that differ only in the seed and in what cannot change a number."""
    return hashlib.blake2b(json.dumps(flatten_recipe(config), sort_keys=True).encode(), digest_size=8).hexdigest()


def recipe_differences(before: Mapping[str, Entry], now: Mapping[str, Entry]) -> dict[str, str]:
    """``{'train_cfg.max_epochs': 'was 2, is 4'}`` for every entry that two recipes do not share."""
    found = {}
    for key in dict.fromkeys([*before, *now]):
        old, new = before.get(key, NOT_SET), now.get(key, NOT_SET)
        if old != new:
            found[key] = f'was {_shown(old)}, is {_shown(new)}'
    return found


def _shown(value: Any) -> str:
    text = 'not set' if value is NOT_SET else str(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def _flat(node: Any, place: str, tasks: Any) -> Iterator[tuple[str, Entry]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            if not (place and key == 'tasks' and value == tasks):
                yield from _flat(value, f'{place}.{key}' if place else str(key), tasks)
    elif isinstance(node, Sequence) and any(isinstance(item, Mapping | list | tuple) for item in node):
        for number, item in enumerate(node):
            yield from _flat(item, f'{place}[{number}]', tasks)
    else:
        yield place, _plain(node)


def _plain(value: Any) -> Entry:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return (
        f'{value.__module__}.{value.__qualname__}' if callable(value) and hasattr(value, '__qualname__') else str(value)
    )
