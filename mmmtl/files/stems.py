"""Find image and label files by their names without suffix, in any case."""

import os
from collections.abc import Sequence
from pathlib import Path

from mmmtl.errors import DataError
from mmmtl.files.linked_folders import names_below

IMAGE_SUFFIXES = ('.bmp', '.gif', '.jp2', '.jpeg', '.jpg', '.png', '.ppm', '.tga', '.tif', '.tiff', '.webp')
ARRAY_SUFFIXES = ('.npy', '.npz', '.pfm')
SUFFIXES = (*IMAGE_SUFFIXES, '.pgm', *ARRAY_SUFFIXES)


def files_by_relative_stem(folder: Path, suffixes: str | Sequence[str] | None = None) -> dict[str, Path]:
    """Return ``{path below folder without suffix: file}`` of a folder and its subfolders, sorted by the key.

    Hidden files and folders are skipped. The case of a suffix does not matter.

    Args:
        folder: Folder to search; a missing one has no files.
        suffixes: Endings of the file names, which are removed from the keys, such as ``'.png'`` or ``'_mask.png'``;
            None for all formats of images and arrays.

    Raises:
        DataError: Two files have the same key.
    """
    endings = SUFFIXES if suffixes is None else (suffixes,) if isinstance(suffixes, str) else tuple(suffixes)
    endings = tuple(sorted((ending.lower() for ending in endings), key=len, reverse=True))  # the longest first
    found: dict[str, str] = {}
    for name in names_below(folder, ''):
        lower = name.lower()
        if name.startswith('.') or '/.' in name or not lower.endswith(endings):
            continue
        stem = name[: -len(next(filter(lower.endswith, endings)))]
        if stem in found:
            path = folder / name
            raise DataError(
                f'{path}: {os.path.relpath(folder / found[stem], path.parent)} is a file of the same sample; remove '
                'one of the two, or set the suffix of the files to use'
            )
        found[stem] = name
    return {stem: folder / found[stem] for stem in sorted(found)}
