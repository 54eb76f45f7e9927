"""Prepare the workers of data loaders: they outlive the signal of a preemption, and keep freed memory."""

import multiprocessing
import signal
from collections.abc import Callable
from functools import partial
from multiprocessing.util import Finalize

from torch.utils.data import DataLoader

from mmmtl.engine.memory import keep_freed_memory
from mmmtl.hooks.preemption_hook import PREEMPTION_SIGNALS


def protect_workers(loader: DataLoader) -> None:
    """Let the workers of a loader ignore the signals of a preemption, which the main process handles.

    They also keep freed memory, since each sample needs as much as the last one.

    If the signal ended a worker, the current iteration would fail. Python ends its workers by SIGTERM when it exits,
    and waits for them, so they are killed beforehand.

    Args:
        loader: A loader whose workers have not been started.
    """
    if loader.num_workers:
        loader.worker_init_fn = partial(_initialize, loader.worker_init_fn)
        Finalize(None, _kill_workers, exitpriority=0)


def _initialize(initialize: Callable[[int], None] | None, worker: int) -> None:
    for number in PREEMPTION_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    keep_freed_memory()
    if initialize is not None:
        initialize(worker)


def _kill_workers() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # torch raises when a worker is killed
    for process in multiprocessing.active_children():
        if process.daemon:
            process.kill()
