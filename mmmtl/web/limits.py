"""Limits of what the page accepts, and one line for everything that goes wrong."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from mmmtl.errors import DataError, UserError
from mmmtl.files.reading import read_image, read_size

T = TypeVar('T')


class BusyError(UserError):
    """A prediction did not end within the time limit."""


@dataclass(frozen=True)
class Limits:
    """Limits of a page.

    Args:
        megapixels: Largest photograph, in millions of pixels.
        megabytes: Largest file, in millions of bytes.
        seconds: Longest wait for a prediction.
    """

    megapixels: float = 50
    megabytes: float = 50
    seconds: float = 120

    def read(self, file: str | Path) -> np.ndarray:
        """Read a photograph, (H, W, 3) uint8 RGB; its size is checked before it is decoded.

        Raises:
            DataError: It is too large, damaged or not an image. The message names the file without its folder.
        """
        path = Path(file)
        try:
            if path.stat().st_size > 1e6 * self.megabytes:
                raise DataError(f'{path}: {path.stat().st_size / 1e6:.1f} MB; the limit is {self.megabytes:g} MB')
            height, width = read_size(path)
            if height * width > 1e6 * self.megapixels:
                raise DataError(
                    f'{path}: {width} x {height} are {height * width / 1e6:.1f} megapixels; the limit is '
                    f'{self.megapixels:g}, so make it smaller'
                )
            return read_image(path)
        except DataError as error:
            raise DataError(str(error).replace(f'{path}', path.name)) from None


class TimedWorker:
    """Runs one call at a time, in a thread of its own, and gives up waiting after a time limit.

    A thread cannot be stopped: a call that takes too long continues, and the next one waits for it.

    Args:
        seconds: The time limit, which includes the wait for earlier calls.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.executor = ThreadPoolExecutor(max_workers=1)

    def __call__(self, function: Callable[[], T]) -> T:
        """Return what the function returns.

        Raises:
            BusyError: It did not end in time.
        """
        future: Future[T] = self.executor.submit(function)
        try:
            return future.result(self.seconds)
        except FutureTimeoutError:
            future.cancel()
            raise BusyError(
                f'no result within {self.seconds:g} seconds; try a smaller photograph, or wait for other predictions'
            ) from None
