"""mmmtl: multi-task dense prediction on MMEngine."""

from importlib import import_module
from types import ModuleType

from mmmtl.installation import check_forks

check_forks()  # before anything imports MMEngine

__version__ = '0.1.0'


def __getattr__(name: str) -> ModuleType:
    """Import ``mmmtl.registry`` at first use, as MMEngine does where a config names ``mmmtl.X``.

    It imports MMEngine, for which ``mmmtl --help`` need not wait.
    """
    if name == 'registry':
        return import_module('mmmtl.registry')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
