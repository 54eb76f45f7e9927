"""Read from signatures which arguments a class or function accepts."""

import inspect
import typing
from collections.abc import Callable
from typing import Any

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

KWARGS_RECEIVERS = {CheckpointHook: Runner.save_checkpoint}  # {class: function that gets its **kwargs}


class _Anything(frozenset):
    """The arguments of a callable that accepts any keyword."""

    def __contains__(self, key: object) -> bool:
        return True


ANYTHING = _Anything()


def accepted_arguments(target: Callable) -> frozenset[str] | set[str]:
    """Return the argument names of a class or function; with ``**kwargs``, those of its base classes too.

    `ANYTHING` if any keyword is accepted.
    """
    if not inspect.isclass(target):
        parameters = inspect.signature(target).parameters.values()
        return ANYTHING if any(p.kind is p.VAR_KEYWORD for p in parameters) else {p.name for p in parameters} - {'self'}
    receiver = next(
        (KWARGS_RECEIVERS[ancestor] for ancestor in inspect.getmro(target) if ancestor in KWARGS_RECEIVERS), None
    )
    names: set[str] = set(inspect.signature(receiver).parameters) if receiver else set()
    for constructor in _constructors(target):
        parameters = inspect.signature(constructor).parameters.values()
        names |= {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return names - {'self'}
    if receiver:
        return names - {'self'}
    return ANYTHING if names else set()  # the last base class has **kwargs; or there is no __init__ at all


def default_argument(target: Callable, name: str) -> Any:
    """Return the default of an argument of a class or function; None if it has none."""
    for function in _constructors(target) if inspect.isclass(target) else [target]:
        parameter = inspect.signature(function).parameters.get(name)
        if parameter is not None:
            return None if parameter.default is parameter.empty else parameter.default
    return None


def argument_types(target: Callable) -> dict[str, Any]:
    """Return the annotations of the arguments of a class, including those of base classes, or of a function."""
    types: dict[str, Any] = {}
    for function in _constructors(target) if inspect.isclass(target) else [target]:
        try:
            types = {**typing.get_type_hints(function), **types}
        except Exception:  # code of other libraries, with names imported under TYPE_CHECKING
            continue
        if not any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values()):
            break
    return types


def _constructors(target: type) -> list[Callable]:
    return [
        vars(ancestor)['__init__']
        for ancestor in inspect.getmro(target)
        if '__init__' in vars(ancestor) and ancestor is not object
    ]
