"""Processes of several runs: the pool, their signals and their output."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from types import FrameType

from mmmtl.hooks.preemption_hook import PREEMPTION_SIGNALS


def process_pool(jobs: int) -> ProcessPoolExecutor:
    """Return a pool with a new process for every run, ``jobs`` at a time.

    Processes are spawned, not forked: a forked process cannot use CUDA once its parent has counted the GPUs, as
    importing MMEngine does.
    """
    return ProcessPoolExecutor(jobs, mp_context=get_context('spawn'), max_tasks_per_child=1)


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
