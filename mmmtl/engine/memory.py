"""Keep what was freed: else a step on a CPU returns its activations to the system and asks for them again."""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # the names of glibc's parameters in its mallopt(3)
LARGEST = 32 * 1024 * 1024  # bytes; the largest MMAP_THRESHOLD that glibc takes


def keep_freed_memory() -> bool:
    """Tell glibc to give nothing back to the system; False where there is no glibc.

    Without it every step of a network on a CPU pays for tens of thousands of page faults. The process holds on to the
    most it has ever used, which a run of steps of one size needs again at once.
    """
    if not sys.platform.startswith('linux'):
        return False
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    return mallopt is not None and bool(mallopt(MMAP_THRESHOLD, LARGEST)) and bool(mallopt(TRIM_THRESHOLD, 2**31 - 1))
