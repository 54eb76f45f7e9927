"""What a class or function takes, read from its signature."""

import inspect
import typing
from collections.abc import Callable
from typing import Any

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

HANDS_ON = {CheckpointHook: Runner.save_checkpoint}  # who takes their **kwargs, where it is no ancestor


class _Anything(frozenset):
    """The arguments of a callable that takes any."""

    def __contains__(self, key: object) -> bool:
        return True


ANYTHING = _Anything()


def accepted_arguments(target: Callable) -> frozenset[str] | set[str]:
    """Names that a class or function takes; where it hands on ``**kwargs``, those of its ancestors too."""
    if not inspect.isclass(target):
        parameters = inspect.signature(target).parameters.values()
        return ANYTHING if any(p.kind is p.VAR_KEYWORD for p in parameters) else {p.name for p in parameters} - {'self'}
    receiver = next((HANDS_ON[ancestor] for ancestor in inspect.getmro(target) if ancestor in HANDS_ON), None)
    names: set[str] = set(inspect.signature(receiver).parameters) if receiver else set()
    for constructor in _constructors(target):
        parameters = inspect.signature(constructor).parameters.values()
        names |= {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return names - {'self'}
    if receiver:
        return names - {'self'}
    return ANYTHING if names else set()  # the last ancestor took **kwargs; or there is no __init__ at all


def argument_types(target: Callable) -> dict[str, Any]:
    """The annotations of the arguments that `accepted_arguments` names, as far as there are any."""
    types: dict[str, Any] = {}
    for function in _constructors(target) if inspect.isclass(target) else [target]:
        try:
            types = {**typing.get_type_hints(function), **types}
        except Exception:  # a name that only a type checker knows, in code that is not ours
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
