"""Processes of several runs: their start and end, their signals and their output."""

import os
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import active_children, connection, get_context
from pathlib import Path
from types import FrameType
from typing import Any

from mmmtl.errors import UserError, WorkDirInUseError

RESUMES = 'the same command resumes it'


@dataclass(frozen=True)
class Failure:
    """How a process failed.

    Args:
        reason: One line.
        work_dir_in_use: Whether another run writes to its work dir.
    """

    reason: str
    work_dir_in_use: bool = False


class FunctionProcess:
    """A function call in a new process.

    The process is spawned, not forked: a forked process cannot use CUDA once its parent has counted the GPUs, as
    importing MMEngine does. It has no queues, unlike one of a pool: if the parent is killed, it ends with its call.

    Args:
        function: The function; its result is dropped.
        args: Its arguments.
    """

    def __init__(self, function: Callable, *args: Any) -> None:
        context = get_context('spawn')
        self._reader, writer = context.Pipe(duplex=False)
        self._process = context.Process(target=_call, args=(writer, function, args))
        self._process.start()
        writer.close()

    @property
    def sentinel(self) -> int:
        """File descriptor that is ready once the process has ended."""
        return self._process.sentinel

    def failure(self) -> Failure | None:
        """Wait for the end; return None if the function has returned."""
        self._process.join()
        with suppress(EOFError):
            if self._reader.poll():
                return self._reader.recv()
        code = self._process.exitcode or 0
        if code < 0:
            name = signal.Signals(-code).name
            hint = ', perhaps because memory ran out' if name == 'SIGKILL' else ''
            return Failure(f'its process was killed by {name}{hint}; {RESUMES}')
        if code > 128:
            return Failure(f'ended by {signal.Signals(code - 128).name}; {RESUMES}')
        return Failure(f'its process ended with the exit code {code}') if code else None


def first_ended(processes: Iterable[FunctionProcess]) -> list[FunctionProcess]:
    """Wait until at least one process has ended; return all that have."""
    by_sentinel = {process.sentinel: process for process in processes}
    return [by_sentinel[sentinel] for sentinel in connection.wait(by_sentinel) if isinstance(sentinel, int)]


def _call(writer: connection.Connection, function: Callable, args: tuple) -> None:
    """Call the function; write a failure to the pipe, and the traceback of an unexpected error to stderr."""
    try:
        function(*args)
    except (UserError, OSError) as error:
        failure = Failure(str(error), isinstance(error, WorkDirInUseError))
    except Exception as error:
        traceback.print_exc()
        failure = Failure(f'{type(error).__name__}: {error}')
    except KeyboardInterrupt:
        failure = Failure('interrupted')
    else:
        return
    with suppress(BrokenPipeError):  # the parent was killed
        writer.send(failure)


@contextmanager
def signals_to_children() -> Iterator[list[signal.Signals]]:
    """Pass SIGTERM and SIGUSR1 on to the child processes; yields a list that collects the received signals."""
    from mmmtl.hooks.preemption_hook import PREEMPTION_SIGNALS  # slow to import, and every process imports this file

    received: list[signal.Signals] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        received.append(signal.Signals(number))
        for process in active_children():
            if process.pid is not None:
                os.kill(process.pid, number)

    handlers = {number: signal.signal(number, pass_on) for number in PREEMPTION_SIGNALS}
    try:
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def redirect_output(path: Path) -> Iterator[None]:
    """Append stdout and stderr of this process, including those of C libraries, to a file."""
    with path.open('a') as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
        yield
