"""Merge dotted keys into a config; if the type of a part changes, its options are dropped."""

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, cast

from mmengine.config import Config, ConfigDict
from mmengine.optim import OptimWrapper

from mmmtl.configuration.custom_modules import import_custom_modules
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.errors import ConfigError
from mmmtl.models.data_preprocessor import ViewPreprocessor
from mmmtl.models.loss_weighting import FixedWeighting

# {config path: type of the part at that path if the config gives none}
DEFAULT_TYPES: dict[str, Callable] = {
    'optim_wrapper': OptimWrapper,
    'model.loss_weighting': FixedWeighting,
    'model.data_preprocessor': ViewPreprocessor,
}
# {config path: keys that MMEngine's builder takes, whatever the type of the part}
BUILDER_KEYS = {'optim_wrapper': {'optimizer', 'constructor', 'paramwise_cfg'}}
# {key of a dict: allowed values of its ``type``, which are options of MMEngine and not classes}
LITERAL_TYPES = {'clip_grad': ('norm', 'value'), 'on_trace_ready': ('log_trace', 'tb_trace')}


def apply_changes(config: Config, changes: Mapping[str, Any]) -> None:
    """Merge ``{'a.b.c': value}`` into a config, in place.

    A dict is merged into a dict; any other value replaces the old one. ``_delete_=True`` in a dict replaces the old
    dict as a whole. The key of a list element is its index (``param_scheduler.0.end``) or its type
    (``train_dataloader.dataset.pipeline.Resize.size``); None removes the element. When the ``type`` of a part changes,
    its options are dropped, except those that both types inherit from the same base class; a warning lists them.

    Args:
        config: The config to change.
        changes: Dotted keys and their new values.

    Raises:
        ConfigError: A key leads into a value that is neither a dict nor a list, or to a list element that does not
            exist.
    """
    tree: dict[str, Any] = {}
    for key, value in changes.items():
        *path, last = key.split('.')
        node = tree
        for name in path:
            child = node.get(name, {})
            if not isinstance(child, Mapping):
                raise ConfigError(f'{key}: {name} is also set as a whole; move this entry into that value')
            node[name] = node = raw_entries(child)
        if isinstance(value, Mapping) and isinstance(node.get(last), Mapping) and not value.get('_delete_'):
            node[last] = {**raw_entries(node[last]), **raw_entries(value)}
        else:
            node[last] = value
    if 'custom_imports' in tree:
        _merge(config._cfg_dict, {'custom_imports': tree.pop('custom_imports')}, '')
    if tree:
        import_custom_modules(config)  # the changes may use names that these modules register
    _merge(config._cfg_dict, tree, '')


def _merge(node: dict | list, changes: Mapping, path: str) -> None:
    for key, value in raw_entries(changes).items():
        child = f'{path}.{key}' if path else key
        if isinstance(node, list):
            key = _index(node, key, path)
            child, old = f'{path}[{key}]', node[key]
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
            _merge(node[key], value, child)
        elif isinstance(old, dict | list):
            if isinstance(old, dict) and 'type' in value:
                drop_options(old, value, child)
            _merge(old, value, child)
        else:
            raise ConfigError(f'{child}: is {old!r}, which has no entry {next(iter(value), "")!r}; set it as a whole')


def entry_at(node: Any, path: str) -> Any:
    """Return the entry at a dotted path, whose keys are as in `apply_changes`; None if a dict has no such entry."""
    done = ''
    for key in path.split('.'):
        if isinstance(node, dict):
            node = dict.get(node, key)
        elif isinstance(node, list | tuple):
            node = node[_index(node, key, done)]
        else:
            return None
        done = f'{done}.{key}' if done else key
    return node


def _index(elements: Sequence, key: str, path: str) -> int:
    """Return the index of a list element, given as an index from 0 or as the name of the element's type."""
    if key.isdecimal() and int(key) < len(elements):
        return int(key)
    names = [
        getattr(resolve_type(dict.get(element, 'type'), f'{path}[{index}].type'), '__name__', '')
        if isinstance(element, dict) and 'type' in element
        else ''
        for index, element in enumerate(elements)
    ]
    if names.count(key) != 1:
        count = 'more than one' if key in names else 'no'
        raise ConfigError(
            f'{path}.{key}: {count} element of the list is a {key}; select one by its index, 0 to '
            f'{len(elements) - 1}, or by its type, one of {", ".join(filter(None, names))}'
        )
    return names.index(key)


def drop_options(part: dict, changes: Mapping, path: str) -> None:
    """Remove the options that belong to the type of ``part`` if ``changes`` gives it another type.

    Args:
        part: The config of the part, changed in place.
        changes: Changes to merge into it next; they have a ``type``.
        path: Path of the part in the config, for the warning.
    """
    old = dict.get(part, 'type') or DEFAULT_TYPES.get(path)
    if old is None:
        return
    new = changes['type']
    if path.split('.')[-1] not in LITERAL_TYPES:
        old, new = resolve_type(old, f'{path}.type'), resolve_type(new, f'{path}.type')
    if old == new:
        return
    kept = {'type', '_scope_', *BUILDER_KEYS.get(path, ()), *shared_arguments(old, new)}
    dropped = [key for key in raw_entries(part) if key not in kept]
    for key in dropped:
        dict.pop(part, key)
    surprising = [key for key in dropped if key not in changes]
    if surprising:
        warnings.warn(
            f'{path}: {_name(old)} became {_name(new)}; dropped its options {", ".join(surprising)}', stacklevel=2
        )


def _name(type_: Any) -> str:
    return getattr(type_, '__name__', str(type_))


def shared_arguments(old: Any, new: Any) -> set[str]:
    """Return the arguments that two classes inherit from a common base class; they have the same meaning in both."""
    if not (inspect.isclass(old) and inspect.isclass(new)):
        return set()
    shared = [base for base in inspect.getmro(old) if base in inspect.getmro(new) and '__init__' in vars(base)]
    return {
        name for base in shared if base is not object for name in inspect.signature(vars(base)['__init__']).parameters
    }


def raw_entries(node: Mapping) -> dict:
    """Return the entries of a dict; ``ConfigDict.items`` would import lazily named classes."""
    return dict(dict.items(cast(dict, node)))
