"""Write a file as a whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; at the end it is renamed to ``path``, after an error removed.

    A process that is killed leaves either the old or the new file, and processes that write the same file at once do
    not mix.
    """
    unfinished = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text_file(path: Path, text: str) -> None:
    """Write a text file in UTF-8, as a whole or not at all.

    A link, a pipe or a device, such as ``/dev/stdout``, is written to and not replaced.
    """
    if path.is_symlink() or path.exists() and not path.is_file():
        path.write_text(text, encoding='utf-8')
        return
    with atomic_path(path) as unfinished:
        unfinished.write_text(text, encoding='utf-8')
