"""Shared by the benchmarks: memory settings, device synchronization and a summary of ratios."""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable

import torch

MALLOC_SETTINGS = {'MALLOC_TRIM_THRESHOLD_': '4000000000', 'MALLOC_MMAP_THRESHOLD_': '4000000000'}


def restart_with_kept_memory() -> None:
    """Restart this script once with environment variables that make glibc keep all freed memory.

    Otherwise glibc returns some memory to the system after every step; how much depends on the order of small
    allocations, so the page faults would make timings noisy. `mmmtl.engine.memory` does the same without a restart, but
    only for blocks up to 32 MB.
    """
    if not os.environ.keys() >= MALLOC_SETTINGS.keys():  # glibc reads them when a process starts
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | MALLOC_SETTINGS)


def synchronize(device: str | torch.device) -> None:
    """Wait until all kernels on the device have finished."""
    if torch.device(device).type == 'cuda':
        torch.cuda.synchronize()


def median_seconds(run: Callable[[], object], device: str | torch.device, repeats: int = 5, warm_up: int = 1) -> float:
    """Return the median time of ``repeats`` runs, after ``warm_up`` others."""
    durations = []
    for _ in range(warm_up + repeats):
        synchronize(device)
        start = time.perf_counter()
        run()
        synchronize(device)
        durations.append(time.perf_counter() - start)
    return statistics.median(durations[warm_up:])


def median_and_quartiles(ratios: Iterable[float], digits: int = 2) -> str:
    """Return the median and the quartiles as text, ``'1.18 (1.16 to 1.27)'``."""
    ratios = sorted(ratios)
    quarter = len(ratios) // 4
    low, high = ratios[quarter], ratios[-1 - quarter]
    return f'{statistics.median(ratios):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})'
