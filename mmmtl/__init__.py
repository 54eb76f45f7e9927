"""mmmtl: multi-task dense prediction on MMEngine."""

from importlib import import_module
from typing import Any

from mmmtl.installation import check_forks

check_forks()  # before anything imports MMEngine

__version__ = '0.1.0'


LAZY = {'list_models': 'mmmtl.model_zoo', 'model_info': 'mmmtl.model_zoo'}


def __getattr__(name: str) -> Any:
    """Import ``mmmtl.registry``, `list_models` and `model_info` at first use.

    They import MMEngine, which would delay ``mmmtl --help``. MMEngine resolves a type ``mmmtl.X`` in a config through
    ``mmmtl.registry``.
    """
    if name == 'registry':
        return import_module('mmmtl.registry')
    if name in LAZY:
        return getattr(import_module(LAZY[name]), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
