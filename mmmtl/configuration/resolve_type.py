"""Resolve the names in a config to classes and functions."""

import difflib
import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mmengine import registry as mmengine_registries
from mmengine.config.lazy import LazyAttr, LazyObject
from mmengine.registry import Registry

from mmmtl.errors import ConfigError
from mmmtl.extras import EXTRA_OF_MODULE, missing_extra
from mmmtl.registry import LOSSES, TASKS


def resolve_type(value: Any, path: str) -> Callable:
    """Return the class or function that the value of a ``type`` key refers to.

    Args:
        value: A class or function, a lazy import of one, or a registered name.
        path: Path of the key in the config, for messages.

    Raises:
        ConfigError: The name cannot be imported or is not registered, or the value is neither a name nor callable.
    """
    if isinstance(value, LazyObject | LazyAttr):
        try:
            return value.build()
        except Exception as error:
            if (package := _missing_package(error)) in EXTRA_OF_MODULE:
                raise missing_extra(path, package) from None
            raise ConfigError(f'{path}: {last_line(error)}{_nearest_attribute(value)}') from None
    if not isinstance(value, str):
        if not callable(value):
            raise ConfigError(f'{path}: expected a class, a function or a registered name, found {value!r}')
        return value
    registries = [TASKS, LOSSES, *(r for r in vars(mmengine_registries).values() if isinstance(r, Registry))]
    for registry in registries:  # the order in which names without a scope are looked up
        found = registry.get(value)
        if found is not None:
            return found
    known = {
        key if child.scope == 'mmengine' else f'{child.scope}.{key}'
        for r in registries
        for child in (r, *r.children.values())
        for key in child.module_dict
    }
    raise ConfigError(
        f'{path}: {value!r} is not registered{did_you_mean(value, known)}; to use your own classes, list their modules '
        'in custom_imports'
    )


def class_of(part: Mapping, path: str) -> type:
    """Return the class of a part of a config, from its ``type``.

    Args:
        part: The config of the part.
        path: Its path in the config, for messages.

    Raises:
        ConfigError: See `resolve_type`; or ``type`` is a function.
    """
    found = resolve_type(part['type'], f'{path}.type')
    if not isinstance(found, type):
        raise ConfigError(f'{path}.type: expected a class, found {found!r}')
    return found


def is_a(part: Mapping, path: str, *kinds: type) -> bool:
    """Return whether the ``type`` of a part of a config is one of these classes or a subclass.

    Args:
        part: The config of the part.
        path: Its path in the config, for messages.
        *kinds: The classes.

    Raises:
        ConfigError: See `resolve_type`.
    """
    found = resolve_type(part['type'], f'{path}.type')
    return isinstance(found, type) and issubclass(found, kinds)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'X'?"`` with the known name most similar to ``word``; empty if none is similar."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f'; did you mean {close[0]!r}?' if close else ''


def last_line(error: BaseException) -> str:
    """Return the last line of an error's message, or the name of its class if it has no message."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__


def _missing_package(error: BaseException) -> str | None:
    """Return the package whose absence caused an error; MMEngine wraps the import error in one of its own."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            return cause.name.partition('.')[0]
        cause = cause.__cause__ or cause.__context__
    return None


def _nearest_attribute(name: LazyObject | LazyAttr) -> str:
    try:
        if isinstance(name, LazyAttr):  # module.Name
            return did_you_mean(name.name, dir(name.source.build()))
        return did_you_mean(name._imported, dir(importlib.import_module(name._module)))  # from module import Name
    except Exception:  # the module itself is missing, as the error states
        return ''
