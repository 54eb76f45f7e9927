"""The folder of pseudo labels.

::

    folder/
    ├── manifest_disparity.json     settings of disparity and confidence
    ├── manifest_semseg.json        settings of the classes
    └── RECORD/                     name of the record, may contain slashes
        ├── 0_disparity.png         view 0, 16 bit: pixels * 256, 0 = unknown
        ├── 0_confidence.png        16 bit: confidence * 65535
        └── 0_semseg.png            8 bit classes, 255 = unknown
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from mmmtl.datasets.multi_task_dataset import cache_root
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.atomic_path import write_text_file
from mmmtl.files.text_files import read_text
from mmmtl.geometry import check_rectified


def pseudo_label_folder(folder: str | Path) -> Path:
    """Return the folder; a relative path lies under ``MMMTL_CACHE`` or ``~/.cache/mmmtl``."""
    return cache_root() / folder


def prepare_folder(folder: Path, kind: str, settings: Mapping[str, Any]) -> None:
    """Create the folder and a manifest of the settings of one kind of files; continue one with the same settings.

    Raises:
        ConfigError: The folder was written with different settings.
        DataError: The manifest is damaged.
    """
    path, text = folder / f'manifest_{kind}.json', json.dumps(settings, indent=1) + '\n'
    if path.is_file():
        expected = json.loads(text)
        try:
            stored = dict(json.loads(read_text(path)))
        except (ValueError, TypeError) as error:
            raise DataError(
                f'{path}: expected the settings of the files in this folder ({error}); delete the folder, or choose '
                'another --out'
            ) from None
        differ = [key for key in {**stored, **expected} if stored.get(key) != expected.get(key)]
        if differ:
            raise ConfigError(
                f'{path}: written with different settings ({", ".join(differ)}); choose another --out, or delete the '
                'folder'
            )
    folder.mkdir(parents=True, exist_ok=True)
    write_text_file(path, text)


def check_pair(views: list[dict], name: str, *, sort: bool = False) -> list[dict]:
    """Check that loaded views are a rectified pair, and return them left first.

    Args:
        views: Loaded views, see `LoadViews`.
        name: Name of the record in error messages.
        sort: Swap the views if the first one is the right one, instead of raising.

    Raises:
        DataError: The views are not a rectified pair.
    """
    if len(views) != 2:
        raise DataError(
            f'{name}: {len(views)} views, but a stereo pair has 2; set '
            "view_mode='stereo', and restore the missing image"
        )
    for view in views:
        if 'camera_T_world' not in view:
            raise DataError(f'{view["img_path"]}: a stereo pair needs intrinsics and poses of both cameras')
    if sort and _is_right_of(views[0], views[1]):
        views = views[::-1]
    intrinsics, poses = (torch.stack([view[key] for view in views]) for key in ('intrinsics', 'camera_T_world'))
    try:
        check_rectified(intrinsics, poses, tuple(view['image'].shape[:2] for view in views), name=name)
    except ValueError as error:
        raise DataError(str(error)) from None
    return views


def _is_right_of(view: dict, other: dict) -> bool:
    """Return whether the first camera is right of the other: its translation has the smaller x."""
    return bool(view['camera_T_world'][0, 3] < other['camera_T_world'][0, 3])
