"""Run a tool in a process forked from one that has imported mmmtl, which takes half a second instead of six."""

import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / 'tests' / 'configs'
PRELOADED = [
    'mmmtl.apis',
    'mmmtl.hooks',
    'mmmtl.optim',
    'mmmtl.visualization',
    'timm',
    'mmengine.runner',
    'matplotlib.pyplot',
    'matplotlib.backends.backend_agg',
    'yapf',
]


@dataclass
class Tool:
    """A tool that runs, or has ended."""

    process: BaseProcess
    folder: Path

    def wait(self) -> 'Tool':
        """Until it has ended; a test must not hang for ever."""
        self.process.join(timeout=400)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(f'{self.stdout}{self.stderr}')
        return self

    @property
    def code(self) -> int | None:
        """Exit code; -9 after kill -9."""
        return self.process.exitcode

    @property
    def stdout(self) -> str:
        return (self.folder / 'stdout').read_text()

    @property
    def stderr(self) -> str:
        return (self.folder / 'stderr').read_text()

    @property
    def error(self) -> str:
        """The one line that a user's mistake ends with; asserts that it is one, the last, and that nothing broke."""
        lines = self.stderr.splitlines()
        assert self.code == 2, f'exit code {self.code}\n{self.stderr}'
        assert 'Traceback' not in self.stdout + self.stderr, self.stderr
        assert [line for line in lines if line.startswith('error: ')] == lines[-1:], self.stderr
        return lines[-1]


def start(
    tool: str,
    *arguments: str | Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    file_size: int | None = None,
) -> Tool:
    """Start ``tools/{tool}``; its output goes to ``folder``.

    Args:
        tool: Path below ``tools/``.
        arguments: Of its command line.
        folder: For its output; made if need be.
        environment: Set beside what is set here.
        file_size: No file may grow beyond so many bytes, as on a full disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(
        target=_run,
        args=(
            ROOT / 'tools' / tool,
            [str(a) for a in arguments],
            folder,
            {**os.environ, **(environment or {})},
            file_size,
        ),
    )
    process.start()
    return Tool(process, folder)


def run(tool: str, *arguments: str | Path, **options) -> Tool:
    """`start` it and wait."""
    return start(tool, *arguments, **options).wait()


def _run(
    path: Path, arguments: Sequence[str], folder: Path, environment: dict[str, str], file_size: int | None
) -> None:
    for number, name in ((1, 'stdout'), (2, 'stderr')):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdout.reconfigure(line_buffering=True)
    sys.path[:0] = [str(path.parent), str(ROOT / 'tests')]
    sys.argv = [str(path), *arguments]
    os.chdir(folder)
    if file_size is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    runpy.run_path(str(path), run_name='__main__')
