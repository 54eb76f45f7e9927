"""Count the system calls that name a file or folder, by Python's audit events and its functions."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import mock

EVENTS = {'open': 'open', 'os.scandir': 'scandir', 'os.listdir': 'listdir'}
FUNCTIONS = ('stat', 'lstat', 'access', 'readlink')  # without audit events
_listeners: list[Callable[[str, object], None]] = []
_hooked: list[bool] = []


def _hook(event: str, arguments: tuple) -> None:
    if _listeners and event in EVENTS:
        for listener in _listeners:
            listener(EVENTS[event], arguments[0])


@contextmanager
def counted(root: Path) -> Iterator[dict[str, list[str]]]:
    """Collect ``{function: [path relative to root]}`` of the calls on paths below a folder.

    What a `DirEntry` calls by itself, for links and on file systems without file types in listings, is not seen.
    """
    if not _hooked:
        sys.addaudithook(_hook)  # cannot be removed
        _hooked.append(True)
    calls: dict[str, list[str]] = {'open': []}

    def listen(name: str, path: object) -> None:
        with suppress(TypeError, ValueError):  # a file descriptor, or a path elsewhere
            calls.setdefault(name, []).append(Path(os.fsdecode(path)).relative_to(root).as_posix())

    def counting(name: str) -> Callable:
        function = getattr(os, name)

        def call(path, *args, **kwargs):
            listen(name, path)
            return function(path, *args, **kwargs)

        return call

    with mock.patch.multiple(os, **{name: counting(name) for name in FUNCTIONS}):
        _listeners.append(listen)
        try:
            yield calls
        finally:
            _listeners.remove(listen)
