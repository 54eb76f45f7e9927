"""Names that differ from what is there by case, suffix or folder only: what an error points to."""

import re
from collections.abc import Iterable
from pathlib import Path

SUFFIX = re.compile(r'(?<=.)\.(jpe?g|png|npy|npz|mat|bmp|tiff?|webp)$', re.IGNORECASE)


def without_suffix(name: str) -> str:
    """The name of a picture or array without what stands for its format."""
    return SUFFIX.sub('', name)


def hint(name: str, known: Iterable[str]) -> str:
    """`` (there is NEAR)`` if one of the known names differs by case, suffix or folder only; else nothing."""
    wanted = plain(name)
    near = next((other for other in known if other != name and plain(other) == wanted), None)
    return f' (there is {near})' if near else ''


def hint_in(path: Path) -> str:
    """Likewise for a path that is not there, of what lies in its folder."""
    return hint(path.name, sorted(other.name for other in path.parent.iterdir())) if path.parent.is_dir() else ''


def plain(name: str) -> str:
    return without_suffix(re.split(r'[/\\]', name)[-1]).casefold()
