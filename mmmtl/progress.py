"""Progress of a long loop: a bar on a terminal, a plain line every so often in a log file or a pipe."""

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Generic, TextIO, TypeVar

from tqdm import tqdm

Item = TypeVar('Item')

LINE_FRACTION = 0.1  # of the total between two lines ...
MIN_INTERVAL, MAX_INTERVAL = 1.0, 30.0  # ... but no two lines within 1 s, and no silence of more than 30 s


def progress(
    items: Iterable[Item] | None = None,
    *,
    description: str,
    unit: str = 'it',
    total: int | None = None,
    initial: int = 0,
    leave: bool = True,
    file: TextIO | None = None,
) -> 'tqdm | ProgressLines[Item]':
    """Show the progress of a loop.

    On a terminal this is a `tqdm` bar. Elsewhere a bar would fill the log with thousands of carriage returns, so a
    plain line is written for every tenth of the total, at most once per second and at least every 30 seconds.

    Args:
        items: The items to iterate over. Without them, call ``update()`` after each item and ``close()`` at the end.
        description: Shown in front.
        unit: Name of one item in the bar's rate.
        total: Number of items; ``len(items)`` by default, where it has a length.
        initial: Number of items that are done already, e.g. in a resumed run.
        leave: Keep the finished bar, or write a line at the end.
        file: Stream to write to; standard error by default.
    """
    file = sys.stderr if file is None else file
    if total is None and isinstance(items, Sized):
        total = len(items)
    if not file.isatty():
        return ProgressLines(items, description, total=total, initial=initial, leave=leave, file=file)
    bar = dict(desc=description, unit=unit, total=total, initial=initial, leave=leave, file=file)
    return tqdm(items, mininterval=0.5, dynamic_ncols=True, **bar)


class ProgressLines(Generic[Item]):
    """A `tqdm` bar (``n``, ``total``, iteration, `update`, `close`) that is written as lines; see `progress`."""

    def __init__(
        self,
        items: Iterable[Item] | None,
        description: str,
        *,
        total: int | None,
        initial: int,
        leave: bool,
        file: TextIO,
    ) -> None:
        self.items, self.description, self.total, self.leave, self.file = items, description, total, leave, file
        self.n = self.initial = self.shown = initial
        self.start = self.last = time.monotonic()

    def __iter__(self) -> Iterator[Item]:
        assert self.items is not None, 'progress: pass the items to iterate over'
        try:
            for item in self.items:
                yield item
                self.update()
        finally:
            self.close()

    def update(self, n: int = 1) -> None:
        """Advance by ``n`` items and write a line if one is due."""
        self.n += n
        elapsed = time.monotonic() - self.last
        advanced = self.total is not None and self.n - self.shown >= LINE_FRACTION * self.total
        if elapsed >= MAX_INTERVAL or (elapsed >= MIN_INTERVAL and advanced):
            self.write()

    def close(self) -> None:
        """Write the last line if ``leave`` is set and it is not written yet."""
        if self.leave and self.n > self.shown:
            self.write()

    def write(self) -> None:
        """Write one line, such as ``train: 300/1000 (30 %), 00:12 elapsed, 00:28 left``."""
        self.shown, self.last = self.n, time.monotonic()
        elapsed, done = self.last - self.start, self.n - self.initial
        line = f'{self.description}: {self.n}'
        if self.total:
            line += f'/{self.total} ({100 * self.n // self.total} %)'
        line += f', {tqdm.format_interval(elapsed)} elapsed'
        if self.total and done and self.n < self.total:
            line += f', {tqdm.format_interval(elapsed / done * (self.total - self.n))} left'
        print(line, file=self.file, flush=True)
