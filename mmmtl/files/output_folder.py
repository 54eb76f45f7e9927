"""Folders that a command fills: it keeps whole files, writes under a temporary name, renames, and counts at the end.

output = Output(DST)
for i in output.progress(range(1449), 'frames'):
    if not output.has(f'images/{i:04d}.png', f'depth/{i:04d}.npy'):
        output.write(f'images/{i:04d}.png', rgb)  # uint8 or uint16 array
        output.write(f'depth/{i:04d}.npy', depth)
output.report()
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from mmmtl.errors import DataError
from mmmtl.progress import progress

Item = TypeVar('Item')


class Output:
    """A folder that holds complete files only; a second run continues where the first one stopped."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.written: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()

    def has(self, *names: str) -> bool:
        """Return whether all of these files exist and are complete; if so, count them as kept."""
        if not all(is_whole(self.root / name) for name in names):
            return False
        self.kept.update(folder(name) for name in names)
        return True

    def write(self, name: str, content: Any) -> None:
        """Write a file in the format of its suffix.

        Arrays are written to .npy or .png (uint8, uint16), plain values to .json, lines to .txt; bytes as they are. A
        Path is copied.
        """
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f'.{path.stem}.{os.getpid()}{path.suffix}')
        try:
            write_file(temporary, content)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        self.written[folder(name)] += 1

    def progress(self, items: Iterable[Item], description: str) -> Iterable[Item]:
        """Iterate over the items and show the progress."""
        return progress(items, description=description)

    def report(self) -> None:
        """Print per folder how many files were written, and how many were there already."""
        for name in sorted({*self.written, *self.kept}):
            print(f'{self.root / name}: {_counts(self.written[name], self.kept[name])}')

    def total(self) -> str:
        """Return how many files were written, and how many were there already, in all folders."""
        return _counts(self.written.total(), self.kept.total())


def _counts(written: int, kept: int) -> str:
    return f'{written} written, {kept} there already'


def folder(name: str) -> str:
    """Return the folder of a relative path, e.g. ``'a/b'`` of ``'a/b/c.png'``."""
    return Path(name).parent.as_posix()


def write_file(path: Path, content: Any) -> None:
    """Write content to a file, in the format of its suffix.

    Raises:
        ValueError: The suffix is unknown.
    """
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    elif path.suffix == '.npy':
        np.save(path, content, allow_pickle=False)
    elif path.suffix == '.png':
        Image.fromarray(content).save(path)
    elif path.suffix == '.json':
        path.write_text(json.dumps(content, indent=1) + '\n', encoding='utf-8')
    elif path.suffix == '.txt':
        path.write_text(''.join(f'{line}\n' for line in content), encoding='utf-8')
    else:
        raise ValueError(f'{path}: cannot write {type(content).__name__} to a {path.suffix} file')


def is_whole(path: Path) -> bool:
    """Return whether a file is complete: .npy by its size, images by their checksums, others if they are not empty."""
    if not path.is_file() or path.stat().st_size == 0:
        return False
    try:
        if path.suffix == '.npy':
            np.load(path, mmap_mode='r', allow_pickle=False)  # fails if the file is shorter than its header states
        elif path.suffix == '.png':
            with Image.open(path) as image:
                image.verify()
        elif path.suffix == '.jpg':
            with Image.open(path) as image:
                image.load()
        elif path.suffix == '.json':
            json.loads(path.read_text(encoding='utf-8'))
    except Exception:  # damaged files fail in many ways; all of them are written again
        return False
    return True


def existing(path: Path, what: str) -> Path:
    """Return the path after checking that it exists.

    Raises:
        DataError: There is no such file or folder.
    """
    if not path.exists():
        raise DataError(f'{path}: no such file or folder, expected {what}')
    return path
