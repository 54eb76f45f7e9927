"""Hints for error messages: existing names that differ only in case, suffix or folder."""

import re
from collections.abc import Iterable
from pathlib import Path

from mmmtl.files.stems import SUFFIXES

SUFFIX = re.compile(rf'(?<=.)({"|".join(map(re.escape, (*SUFFIXES, ".mat")))})$', re.IGNORECASE)


def without_suffix(name: str) -> str:
    """Remove the suffix of an image or array format from a name."""
    return SUFFIX.sub('', name)


def similar_name_hint(name: str, known: Iterable[str]) -> str:
    """Return ``' (there is NEAR)'`` if a known name differs only in case, suffix or folder, else ``''``."""
    normalized = _normalized(name)
    near = next((other for other in known if other != name and _normalized(other) == normalized), None)
    return f' (there is {near})' if near else ''


def similar_file_hint(path: Path) -> str:
    """Return the hint of `similar_name_hint` for a missing path, among the files of its folder."""
    return (
        similar_name_hint(path.name, sorted(other.name for other in path.parent.iterdir()))
        if path.parent.is_dir()
        else ''
    )


def _normalized(name: str) -> str:
    """Strip folder and suffix, and fold the case."""
    return without_suffix(re.split(r'[/\\]', name)[-1]).casefold()
