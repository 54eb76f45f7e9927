"""Lock a work dir, so that only one run writes to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mmmtl.errors import ConfigError, WorkDirInUseError


@contextmanager
def lock_work_dir(work_dir: str | Path, wait: bool = False) -> Iterator[None]:
    """Lock the work dir, and remove temporary files that a killed process has left.

    The lock ends with the process, even if it is killed. Only rank 0 of a run locks.

    Args:
        work_dir: The folder; made if it does not exist.
        wait: Wait until another run has released the lock, instead of raising an error.

    Raises:
        WorkDirInUseError: Another run has locked the work dir.
        ConfigError: The work dir is not writable.
    """
    if int(os.environ.get('RANK', os.environ.get('SLURM_PROCID', '0'))) > 0:
        yield
        return
    folder = Path(work_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / '.lock')
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise WorkDirInUseError(
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
        if error.filename is None and error.strerror:  # a failed write has no file name
            raise OSError(error.errno, error.strerror, str(folder)) from error
        raise
    finally:
        lock.release()
