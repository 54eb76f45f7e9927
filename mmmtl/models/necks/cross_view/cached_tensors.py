"""Cache constant tensors by size and device."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import torch

T = TypeVar('T')


def cached_tensors(make: Callable[..., T]) -> Callable[..., T]:
    """Decorate ``make`` with a cache of its results for its last 256 different arguments.

    Results are made outside of inference mode, as they may be used in training later. While a graph is traced
    (torch.compile, torch.export) they are not real tensors, and are not cached.
    """

    @functools.lru_cache(maxsize=256)
    def cached(*arguments: Any):
        with torch.inference_mode(False):
            return make(*arguments)

    @functools.wraps(make)
    def wrapper(*arguments: Any) -> T:
        return make(*arguments) if torch.compiler.is_compiling() else cached(*arguments)

    return wrapper
