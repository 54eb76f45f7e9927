"""Processes of several runs: their start and end, their signals and their output."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from types import FrameType
from typing import Any

from mmmtl.hooks.preemption_hook import PREEMPTION_SIGNALS


def start_process(function: Callable, *args: Any) -> Future:
    """Call a function in a new process.

    Each call has a pool of its own: if a process is killed, a pool ends all of its other processes, too. Processes are
    spawned, not forked: a forked process cannot use CUDA once its parent has counted the GPUs, as importing MMEngine
    does.
    """
    pool = ProcessPoolExecutor(1, mp_context=get_context('spawn'))
    future = pool.submit(function, *args)
    pool.shutdown(wait=False)  # ends after this call
    return future


def describe_end(error: BaseException) -> str:
    """Return in words how a call of `start_process` failed."""
    if isinstance(error, BrokenProcessPool):
        return 'its process was killed, perhaps because memory ran out; the same command resumes it'
    if isinstance(error, SystemExit) and isinstance(error.code, int) and error.code > 128:
        return f'ended by {signal.Signals(error.code - 128).name}; the same command resumes it'
    return str(error)


@contextmanager
def signals_to_children() -> Iterator[list[signal.Signals]]:
    """Pass SIGTERM and SIGUSR1 on to the child processes; yields a list that collects the received signals."""
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
