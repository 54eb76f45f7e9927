"""What cannot be the value of an annotation is refused; whatever could be passes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from mmengine.config.lazy import LazyObject
from mmengine.hooks import Hook
from torch import Tensor, nn

from mmmtl.configuration.type_mismatch import type_mismatch


@pytest.mark.parametrize(
    'annotation, value, expected',
    [
        (int, 'four', ": expected a whole number, found 'four'"),
        (int, 2.5, ': expected a whole number, found 2.5'),
        (int | None, [1], ': expected a whole number, found [1]'),
        (float, '1e', ": expected a number, found '1e'"),
        (float | Tensor, 'high', ": expected a number, found 'high'"),
        (bool, 'maybe', ": expected True or False, found 'maybe'"),
        (bool | str, {'a': 1}, ": expected True or False or a string, found {'a': 1}"),
        (str, ['a'], ": expected a string, found ['a']"),
        (tuple[int, int], 64, ': expected a list, found 64'),
        (Sequence[float], (1, 'a'), "[1]: expected a number, found 'a'"),
        (tuple[int, ...], [1, 2, 'a'], "[2]: expected a whole number, found 'a'"),
        (tuple[int, str], ['a', 'b'], "[0]: expected a whole number, found 'a'"),
        (list[Hook | dict], ['EMAHook'], "[0]: expected a dict, found 'EMAHook'"),
        (nn.Module | dict, 3, ': expected a dict, found 3'),
        (dict[str, float], 'a', ": expected a dict, found 'a'"),
        (Literal['l1', 'cosine'], 'l2', ": expected 'l1' or 'cosine', found 'l2'"),
    ],
)
def test_what_cannot_work_is_named(annotation, value, expected):
    assert type_mismatch(value, annotation) == expected


@pytest.mark.parametrize(
    'annotation, value',
    [
        (int, 3),
        (int, True),
        (int, 3.0),
        (int, float('inf')),
        (int, None),
        (float, 1),
        (float | Tensor, 0.1),
        (bool, 0),
        (str, 2024),
        (str, Path('a')),
        (Path, 'a'),
        (str | list[str], ['a', 'b']),
        (tuple[int, int], [1, 2]),
        (tuple[float], [1, 2]),
        (Sequence[str], 'abc'),
        (list[tuple[int, int]], [(1, 2)]),
        (nn.Module | dict, {'type': 1}),
        (dict, [{'type': 'a'}]),
        (Callable, 'ReLU'),
        (Any, 'a'),
        (int | Any, 'a'),
        (type, 'a'),
        (Literal[1, None], None),
        (int, LazyObject('a', 'b')),
        ('unknown', 'a'),
    ],
)
def test_what_may_work_passes(annotation, value):
    assert type_mismatch(value, annotation) == ''
