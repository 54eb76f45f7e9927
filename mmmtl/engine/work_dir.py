"""A work dir belongs to one run at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mmmtl.errors import ConfigError


@contextmanager
def lock_work_dir(work_dir: str | Path) -> Iterator[None]:
    """Hold the work dir; the lock goes with the process, also when it is killed. Only the first process of a run locks.

    What a killed process has left half-written is removed.

    Raises:
        ConfigError: Another run writes there, or nothing can be written there.
    """
    if int(os.environ.get('RANK', os.environ.get('SLURM_PROCID', '0'))) > 0:
        yield
        return
    folder = Path(work_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / '.lock')
        lock.acquire(timeout=0)
    except Timeout:
        raise ConfigError(
            f'{folder}: another run writes to this work dir; wait for it or choose another --work-dir'
        ) from None
    except OSError as error:
        raise ConfigError(
            f'{folder}: cannot write to this work dir ({error.strerror}); choose another --work-dir'
        ) from None
    try:
        for unfinished in folder.glob('.*.tmp'):
            unfinished.unlink()
        yield
    except OSError as error:
        if error.filename is None and error.strerror:  # a write that failed does not say where
            raise OSError(error.errno, error.strerror, str(folder)) from error
        raise
    finally:
        lock.release()
