"""Whether a value of a config can be what an argument's annotation asks for."""

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
BUILT = (nn.Module, DataLoader, Dataset, Hook, BaseLoop, Evaluator, OptimWrapper, Visualizer)  # a config gives a dict


def type_mismatch(value: Any, annotation: Any) -> str:
    """Why ``value`` cannot be an ``annotation``, e.g. ``": expected a whole number, found 'four'"``; empty if it can.

    It is asked of annotations that nobody checks otherwise, so only what cannot work is refused: None and values of
    unknown types always pass, as do numbers for strings (an option cannot write the string ``'2'``) and lists for
    tuples. For an item of a list, the index stands before the colon.
    """
    wanted = _wanted(annotation)
    if value is None or isinstance(value, LazyObject | LazyAttr) or not wanted:
        return ''
    if not any(_fits(value, kind) for kind, _ in wanted):
        nouns = dict.fromkeys(NOUNS.get(kind, f'{kind!r}') for kind, _ in wanted)
        return f': expected {" or ".join(nouns)}, found {value!r}'
    if len(wanted) == 1 and isinstance(value, list | tuple):
        ((_, items),) = wanted
        if len(items) == 1:
            items *= len(value)
        wrong = (
            f'[{index}]{found}'
            for index, (item, kind) in enumerate(zip(value, items, strict=False))
            if (found := type_mismatch(item, kind))
        )
        return next(wrong, '')
    return ''


def _wanted(annotation: Any) -> list[tuple[Any, tuple]]:
    """The kinds that an annotation allows, each with those of its items; empty if it may be anything."""
    origin, arguments = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        members = [_wanted(member) for member in arguments if member is not type(None)]
        return [kind for member in members for kind in member] if all(members) else []
    if origin is Literal:
        return [(choice, ()) for choice in arguments]
    if origin in LISTS:
        items = () if origin is tuple and len(arguments) == 1 else tuple(a for a in arguments if a is not Ellipsis)
        return [(list, items)]
    if origin is Tensor:  # of an optimizer: a config gives the number
        return [(float, ())]
    if inspect.isclass(origin):
        if issubclass(origin, Mapping) or issubclass(origin, BUILT):
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
