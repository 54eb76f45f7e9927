"""Pseudo labels on disk.

::

    folder/
    ├── manifest_disparity.json     settings of what wrote disparity and confidence
    ├── manifest_semseg.json        and of what wrote the classes
    └── RECORD/                     the record's name, which may have slashes
        ├── 0_disparity.png         of view 0, 16 bit: pixels * 256, 0 = unknown
        ├── 0_confidence.png        16 bit: confidence * 65535
        └── 0_semseg.png            8 bit classes, 255 = unknown
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmmtl.datasets.multi_task_dataset import cache_root
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.reading import read_array
from mmmtl.geometry import check_rectified

DISPARITY_SCALE, CONFIDENCE_SCALE = 256.0, 65535.0
DISPARITIES = 256  # pixels; pictures hold smaller ones


def computed_folder(folder: str | Path) -> Path:
    """A relative name stands under ``MMMTL_CACHE``."""
    return cache_root() / folder


def start_folder(folder: Path, kind: str, settings: Mapping[str, Any]) -> None:
    """The folder with a manifest of all that its files of one kind depend on; it may have been begun with the same.

    Raises:
        ConfigError: It was begun with other settings.
    """
    path, text = folder / f'manifest_{kind}.json', json.dumps(settings, indent=1) + '\n'
    if path.is_file():
        found, wanted = json.loads(path.read_text(encoding='utf-8')), json.loads(text)
        differ = [key for key in {**found, **wanted} if found.get(key) != wanted.get(key)]
        if differ:
            raise ConfigError(
                f'{path}: written with another {", ".join(differ)}; choose another --out, or delete the folder'
            )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='utf-8')


def read_pseudo_disparity(path: Path) -> np.ndarray:
    """(H, W) float32 pixels, NaN where unknown."""
    raw = _read(path, np.uint16)
    return np.where(raw > 0, raw / np.float32(DISPARITY_SCALE), np.float32(np.nan))


def read_probability(path: Path) -> np.ndarray:
    """(H, W) float32 in [0, 1]."""
    return _read(path, np.uint16) / np.float32(CONFIDENCE_SCALE)


def to_disparity_picture(disparity: np.ndarray) -> np.ndarray:
    """Pixels with NaN for unknown -> 16 bit; what does not fit (d <= 0, d >= 256) is unknown."""
    with np.errstate(invalid='ignore'):
        fits = (disparity > 0) & (disparity < 65535 / DISPARITY_SCALE)
    return np.where(fits, np.where(fits, disparity, 0) * DISPARITY_SCALE, 0).round().astype(np.uint16)


def to_confidence_picture(confidence: np.ndarray) -> np.ndarray:
    """[0, 1] -> 16 bit."""
    return (confidence.clip(0, 1) * CONFIDENCE_SCALE).round().astype(np.uint16)


def _read(path: Path, dtype: type) -> np.ndarray:
    if not path.is_file():
        raise DataError(f'{path}: no such pseudo label; write it by mmmtl pseudo-disparity (or pseudo-semseg)')
    raw = read_array(path)
    if raw.ndim != 2 or raw.dtype not in (dtype, np.int32):  # Pillow may open 16 bit as 32
        raise DataError(f'{path}: expected one channel of 16 bits, found {raw.shape} {raw.dtype}; write it anew')
    return raw


def pair_of(views: list[dict], name: str, *, sort: bool = False) -> list[dict]:
    """Loaded views as a rectified pair, left first.

    Raises:
        DataError: They are none.
    """
    if len(views) != 2:
        raise DataError(
            f'{name}: {len(views)} views, but a stereo pair has 2; give the data set '
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
    """Between cameras of one orientation the one further right has the smaller x in its translation."""
    return bool(view['camera_T_world'][0, 3] < other['camera_T_world'][0, 3])
