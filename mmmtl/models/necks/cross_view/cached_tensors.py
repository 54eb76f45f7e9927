"""Constants that are made once for every size and device, and then kept."""

import functools
from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar('T')


def cached_tensors(make: Callable[..., T]) -> Callable[..., T]:
    """Keep what `make` returns, for each of its last 256 different arguments.

    What is made inside inference mode must serve in training, so it is made outside of it; what is made while a graph
    is traced (torch.compile, torch.export) is no real tensor, so it is not kept.
    """

    @functools.lru_cache(maxsize=256)
    def kept(*arguments):
        with torch.inference_mode(False):
            return make(*arguments)

    @functools.wraps(make)
    def made(*arguments):
        return make(*arguments) if torch.compiler.is_compiling() else kept(*arguments)

    return made
