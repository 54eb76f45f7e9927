"""Changes to a config: dotted keys merged into it, parts of another type replaced."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.optim import OptimWrapper

from mmmtl.configuration.custom_modules import import_custom_modules
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.errors import ConfigError
from mmmtl.models.data_preprocessor import ViewPreprocessor
from mmmtl.models.loss_weighting import FixedWeighting

# parts whose type may be left out, by their place in the config
DEFAULT_TYPES: dict[str, Callable] = {
    'optim_wrapper': OptimWrapper,
    'model.loss_weighting': FixedWeighting,
    'model.data_preprocessor': ViewPreprocessor,
}
# entries that belong to the place, whatever the type of the part there
BUILDER_KEYS = {'optim_wrapper': {'optimizer', 'constructor', 'paramwise_cfg'}}


def apply_changes(config: Config, changes: Mapping[str, Any]) -> None:
    """Merge ``{'a.b.c': value}`` into a config.

    A dict is merged into a dict, anything else replaces what is there; ``_delete_=True`` in a dict replaces it as a
    whole. An element of a list is named by its index (``param_scheduler.0.end``)
    or by its type (``train_dataloader.dataset.pipeline.Resize.size``); None
    removes the element. Where the ``type`` of a part changes, the
    options of the old type go, except those that both types inherit from the same base class; a warning names them.

    Raises:
        ConfigError: A key leads into something that has no entries, or to an element that a list does not have.
    """
    tree: dict[str, Any] = {}
    for key, value in changes.items():
        *path, last = key.split('.')
        node = tree
        for name in path:
            child = node.get(name, {})
            if not isinstance(child, Mapping):
                raise ConfigError(f'{key}: {name} is set as a whole beside it; write the entry into that value')
            node[name] = node = raw_entries(child)
        if isinstance(value, Mapping) and isinstance(node.get(last), Mapping) and not value.get('_delete_'):
            node[last] = {**raw_entries(node[last]), **raw_entries(value)}
        else:
            node[last] = value
    if 'custom_imports' in tree:
        _merge(config._cfg_dict, {'custom_imports': tree.pop('custom_imports')}, '')
    if tree:
        import_custom_modules(config)  # the changes may name what these modules register
    _merge(config._cfg_dict, tree, '')


def _merge(node: dict | list, changes: Mapping, path: str) -> None:
    for key, value in raw_entries(changes).items():
        place = f'{path}.{key}' if path else key
        if isinstance(node, list):
            key = _index(node, key, path)
            place, old = f'{path}[{key}]', node[key]
        else:
            old = dict.get(node, key)
        value = deepcopy(value)
        if value is None and isinstance(node, list):
            del node[key]
            continue
        if not isinstance(value, Mapping):
            node[key] = value
            continue
        value = raw_entries(value)
        deletes = value.pop('_delete_', False)
        if isinstance(old, tuple):
            old = node[key] = list(old)
        if deletes or old is None:
            node[key] = ConfigDict()
            _merge(node[key], value, place)
        elif isinstance(old, dict | list):
            if isinstance(old, dict) and 'type' in value:
                drop_options(old, value, place)
            _merge(old, value, place)
        else:
            raise ConfigError(f'{place}: is {old!r}, which has no entry {next(iter(value), "")!r}; set it as a whole')


def _index(elements: list, key: str, path: str) -> int:
    """The index of a list's element that a key names: by an index from 0, or by the name of its type."""
    if key.isdecimal() and int(key) < len(elements):
        return int(key)
    names = [
        getattr(resolve_type(dict.get(one, 'type'), f'{path}.type'), '__name__', '') if isinstance(one, dict) else ''
        for one in elements
    ]
    if names.count(key) != 1:
        told = 'more than one' if key in names else 'no'
        raise ConfigError(
            f'{path}.{key}: {told} element of the list is a {key}; name one by its index, 0 to '
            f'{len(elements) - 1}, or by its type, one of {", ".join(filter(None, names))}'
        )
    return names.index(key)


def drop_options(part: dict, changes: Mapping, place: str) -> None:
    """Remove the options of ``part`` that belong to its type, where ``changes`` gives it another type."""
    old = dict.get(part, 'type') or DEFAULT_TYPES.get(place)
    if old is None:
        return
    old, new = resolve_type(old, f'{place}.type'), resolve_type(changes['type'], f'{place}.type')
    if old is new:
        return
    kept = {'type', '_scope_', *BUILDER_KEYS.get(place, ()), *shared_arguments(old, new)}
    dropped = [key for key in raw_entries(part) if key not in kept]
    for key in dropped:
        dict.pop(part, key)
    told = [key for key in dropped if key not in changes]
    if told:
        warnings.warn(
            f'{place}: {old.__name__} became {new.__name__}; dropped its options {", ".join(told)}', stacklevel=2
        )


def shared_arguments(old: Callable, new: Callable) -> set[str]:
    """Arguments that two classes inherit from the same base class, and so mean the same thing by."""
    if not (inspect.isclass(old) and inspect.isclass(new)):
        return set()
    shared = [kind for kind in inspect.getmro(old) if kind in inspect.getmro(new) and '__init__' in vars(kind)]
    return {name for kind in shared if kind is not object for name in inspect.signature(kind.__init__).parameters}


def raw_entries(node: Mapping) -> dict:
    """The entries of a dict as they are; a config's own ``items`` imports lazily named classes."""
    return dict(dict.items(node))
