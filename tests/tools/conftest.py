"""Commands in this process, which has imported torch already."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import pytest

from mmmtl.cli.main import main


@pytest.fixture
def tool() -> Callable[[str], ModuleType]:
    """`tool('dataset_converters/nyuv2')` imports that module."""
    return lambda name: import_module(f'mmmtl.{name.replace("/", ".")}')


@pytest.fixture
def mmmtl_command() -> Callable[..., None]:
    """`mmmtl_command('convert-dataset', 'nyuv2', src, dst)` runs ``mmmtl convert-dataset nyuv2 SRC DST``."""
    return lambda *arguments: main([str(argument) for argument in arguments])
