"""Commands in this process, which has imported torch already."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

import pytest

from mmmtl.cli.main import main


class Refusal(NamedTuple):
    """What a command printed before it ended with exit code 2."""

    out: str
    error: str  # one line


@pytest.fixture
def refused(capsys) -> Callable[..., Refusal]:
    """`refused(run, *arguments)` expects that ``run(*arguments)`` ends with one line of error."""

    def run_refused(run: Callable, *arguments: object, **options: object) -> Refusal:
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            run(*arguments, **options)
        assert caught.value.code == 2
        told = capsys.readouterr()
        (line,) = [line for line in told.err.splitlines() if 'elapsed' not in line]  # but progress bars
        assert line.startswith('error: ')
        return Refusal(told.out, line)

    return run_refused


@pytest.fixture
def tool() -> Callable[[str], ModuleType]:
    """`tool('dataset_converters/nyuv2')` imports that module."""
    return lambda name: import_module(f'mmmtl.{name.replace("/", ".")}')


@pytest.fixture
def mmmtl_command() -> Callable[..., None]:
    """`mmmtl_command('convert-dataset', 'nyuv2', src, dst)` runs ``mmmtl convert-dataset nyuv2 SRC DST``."""
    return lambda *arguments: main([str(argument) for argument in arguments])
