"""Keep freed memory in the process; otherwise every step on a CPU returns its activations to the system."""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt(3)
MAX_THRESHOLD = 32 * 1024 * 1024  # bytes; the largest MMAP_THRESHOLD that glibc accepts


def keep_freed_memory() -> bool:
    """Make glibc keep freed memory.

    Otherwise every training step on a CPU causes tens of thousands of page faults. The process keeps its peak memory,
    which steps of equal size need again.

    Returns:
        Whether it worked; False without glibc.
    """
    if not sys.platform.startswith('linux'):
        return False
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    return (
        mallopt is not None
        and bool(mallopt(MMAP_THRESHOLD, MAX_THRESHOLD))
        and bool(mallopt(TRIM_THRESHOLD, 2**31 - 1))
    )
