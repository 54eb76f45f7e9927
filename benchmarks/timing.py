"""What timings have in common: kept memory, waits for the device, and the middle of ratios."""

import os
import statistics
import sys
from collections.abc import Iterable

import torch

KEEP_MEMORY = {'MALLOC_TRIM_THRESHOLD_': '4000000000', 'MALLOC_MMAP_THRESHOLD_': '4000000000'}


def keep_memory() -> None:
    """Begin this script again, if it has not been yet, with glibc told to keep freed memory: pieces of any size, where
    `mmmtl.engine.memory`, which can be called at any time, reaches up to 32 MB.

    Else it gives some back after every step, how much depends on the order in which small things were allocated, and
    the page faults that follow fall to either side by chance.
    """
    if not os.environ.keys() >= KEEP_MEMORY.keys():  # read when a process starts
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | KEEP_MEMORY)


def wait(device: str | torch.device) -> None:
    """For what the device still has to do."""
    if torch.device(device).type == 'cuda':
        torch.cuda.synchronize()


def middle(ratios: Iterable[float], digits: int = 2) -> str:
    """Median and middle half, ``'1.18 (1.16 to 1.27)'``."""
    ratios = sorted(ratios)
    quarter = len(ratios) // 4
    low, high = ratios[quarter], ratios[-1 - quarter]
    return f'{statistics.median(ratios):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})'
