"""Check a value of a config against the annotation of its argument."""

import inspect
import types
import typing
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, Union

from mmengine.config.lazy import LazyAttr, LazyObject
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import BaseLoop
from mmengine.visualization import Visualizer
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

NOUNS = {
    int: 'a whole number',
    float: 'a number',
    bool: 'True or False',
    str: 'a string',
    dict: 'a dict',
    list: 'a list',
}
LISTS = (list, tuple, set, frozenset, Sequence, Collection, Iterable)
# types that are given as a dict in configs
BUILT_FROM_DICT = (nn.Module, DataLoader, Dataset, Hook, BaseLoop, Evaluator, OptimWrapper, Visualizer)


def type_mismatch(value: Any, annotation: Any) -> str:
    """Return why ``value`` does not match ``annotation``; empty if it does.

    Python does not enforce annotations, so only values that cannot work are reported. None and annotations of other
    types always match, as do numbers for strings (the command line cannot express the string ``'2'``) and lists for
    tuples.

    Returns:
        Text to append to the config path: ``": expected a whole number, found 'four'"``; for an item of a list its
        index comes first, ``"[1]: expected ..."``.
    """
    allowed = _allowed_types(annotation)
    if value is None or isinstance(value, LazyObject | LazyAttr) or not allowed:
        return ''
    if not any(_fits(value, kind) for kind, _ in allowed):
        nouns = dict.fromkeys(NOUNS.get(kind, f'{kind!r}') for kind, _ in allowed)
        return f': expected {" or ".join(nouns)}, found {value!r}'
    if len(allowed) == 1 and isinstance(value, list | tuple):
        ((_, items),) = allowed
        if len(items) == 1:
            items *= len(value)
        wrong = (
            f'[{index}]{found}'
            for index, (item, kind) in enumerate(zip(value, items, strict=False))
            if (found := type_mismatch(item, kind))
        )
        return next(wrong, '')
    return ''


def _allowed_types(annotation: Any) -> list[tuple[Any, tuple]]:
    """Return the types that an annotation allows, each with the types of its items; empty if it allows anything."""
    origin, arguments = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        members = [_allowed_types(member) for member in arguments if member is not type(None)]
        return [kind for member in members for kind in member] if all(members) else []
    if origin is Literal:
        return [(choice, ()) for choice in arguments]
    if origin in LISTS:
        items = () if origin is tuple and len(arguments) == 1 else tuple(a for a in arguments if a is not Ellipsis)
        return [(list, items)]
    if origin is Tensor:  # argument of an optimizer: configs have the number
        return [(float, ())]
    if inspect.isclass(origin):
        if issubclass(origin, Mapping) or issubclass(origin, BUILT_FROM_DICT):
            return [(dict, ())]
        if origin in (int, float, bool, str):
            return [(origin, ())]
    return []


def _fits(value: Any, kind: Any) -> bool:
    if kind is int:
        return not isinstance(value, str | list | tuple | Mapping) and not (isinstance(value, float) and value % 1 > 0)
    if kind in (float, bool):
        return not isinstance(value, str | list | tuple | Mapping)
    if kind is str:
        return not isinstance(value, list | tuple | Mapping)
    if kind is list:
        return not isinstance(value, int | float)
    if kind is dict:
        return not isinstance(value, int | float | str)
    return value == kind
