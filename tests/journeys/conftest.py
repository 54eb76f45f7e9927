"""A user's machine: an installed wheel, an empty folder, and a shell to type commands in."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from wheel_environment import WheelEnvironment, build_wheel


@pytest.fixture(scope='package')
def environment(tmp_path_factory) -> WheelEnvironment:
    folder = tmp_path_factory.mktemp('wheel')
    return WheelEnvironment(folder / 'venv', folder / 'cache').create(build_wheel(folder))


@pytest.fixture
def shell(environment, tmp_path) -> Callable[[str], str]:
    """Run the lines of a script in an empty folder; returns what they print, and fails with the first that fails."""

    def run(script: str) -> str:
        printed = []
        for line in script.replace('\\\n', ' ').strip().splitlines():
            program, *arguments = shlex.split(line)
            done = environment.run(program, *arguments, folder=tmp_path)
            assert done.returncode == 0, f'{line}\n{done.stdout[-2000:]}\n{done.stderr}'
            assert 'Traceback' not in done.stderr, f'{line}\n{done.stderr}'
            printed.append(done.stdout)
        return ''.join(printed)

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    """The folder in which the shell runs."""
    return tmp_path
