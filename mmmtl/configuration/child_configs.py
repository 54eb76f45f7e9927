"""Inherit config files: a part of a different type replaces the part of the base file."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mmengine.config import Config, ConfigDict

from mmmtl.configuration.config_changes import BUILDER_KEYS, DEFAULT_TYPES, raw_entries, shared_arguments
from mmmtl.configuration.custom_modules import import_available_modules
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.errors import ConfigError


@contextmanager
def parts_replaced_in_files() -> Iterator[None]:
    """Make a part with another ``type`` replace the old part while config files are read.

    MMEngine would merge the two option by option, in ``model.update(neck=dict(type=...))`` and in text configs with a
    ``_base_``. As in `apply_changes`, options that both types inherit from a common base class are kept.
    """
    update, merge = ConfigDict.update, Config._merge_a_into_b

    def replacing_update(self: ConfigDict, *args: Mapping, **kwargs: Any) -> None:
        given = {**(raw_entries(args[0]) if args else {}), **kwargs}
        for key, value in given.items():
            kept = _options_to_keep(key, dict.get(self, key), value)
            if kept is not None:
                dict.pop(self, key)
                given[key] = ConfigDict({**kept, **raw_entries(value)})
            elif isinstance(value, dict) and value.get('_delete_'):
                dict.pop(self, key, None)  # MMEngine knows the key in text configs only
        update(self, given)

    def replacing_merge(a: dict, b: dict, allow_list_keys: bool = False) -> ConfigDict | dict:
        for config in (a, b):
            if isinstance(config, dict):
                import_available_modules(config)
        for key, value in list(raw_entries(a).items()):
            kept = _options_to_keep(key, dict.get(b, key), value) if isinstance(b, dict) else None
            if kept is not None:
                a[key] = ConfigDict({**kept, **raw_entries(value), '_delete_': True})
        return merge(a, b, allow_list_keys)

    ConfigDict.update, Config._merge_a_into_b = replacing_update, staticmethod(replacing_merge)
    try:
        yield
    finally:
        ConfigDict.update, Config._merge_a_into_b = update, staticmethod(merge)


def _options_to_keep(key: str, old: Any, new: Any) -> dict | None:
    """Return the options of ``old`` to keep if ``new`` is a part of a different type; None if the two are merged."""
    if not (isinstance(old, dict) and isinstance(new, dict) and 'type' in new) or new.get('_delete_'):
        return None
    default = {path.split('.')[-1]: kind for path, kind in DEFAULT_TYPES.items()}.get(key)
    old_type, new_type = dict.get(old, 'type', default), dict.get(new, 'type')
    if old_type is None:
        return None
    old_class, new_class = _class_or_none(old_type), _class_or_none(new_type)
    if old_class and new_class:
        is_same = old_class is new_class
        before, after = old_class.__name__, new_class.__name__
        shared = shared_arguments(old_class, new_class)
    else:  # a name that is not registered yet: compare without its scope or module
        before, after = str(old_type), str(new_type)
        is_same, shared = before.split('.')[-1] == after.split('.')[-1], set()
    if is_same:
        return None
    kept = {name: value for name, value in raw_entries(old).items() if name in {*BUILDER_KEYS.get(key, ()), *shared}}
    dropped = [name for name in raw_entries(old) if name != 'type' and name not in kept and name not in new]
    if dropped:
        warnings.warn(f'{key}: {before} became {after}; dropped its options {", ".join(dropped)}', stacklevel=3)
    return kept


def _class_or_none(name: Any) -> Callable | None:
    try:
        return resolve_type(name, 'type')
    except ConfigError:
        return None
