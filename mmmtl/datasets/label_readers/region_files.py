"""Region maps of images: class-agnostic segments that belong to no task and are never hidden."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmmtl.datasets.records import Record, RegionReader, View
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.linked_folders import files_below
from mmmtl.files.reading import read_indices
from mmmtl.files.text_files import read_text

MANIFEST = 'manifest.json'
MAX_REGION = 65535  # largest region index
INSTANCES = 'instances'


@dataclass(frozen=True)
class RegionFile:
    """Reader of a region map in a single-channel image; pixels with the value ``void`` belong to no region."""

    path: Path
    void: int | None = None

    def load(self) -> np.ndarray:
        """Return int32 (H, W): 0..65535, -1 for no region.

        Raises:
            DataError: The file is missing or damaged, or does not hold integers.
        """
        raw = read_indices(self.path)
        if raw.ndim != 2 or raw.dtype.kind not in 'ui' or (raw.size and not 0 <= raw.min() <= raw.max() <= MAX_REGION):
            raise DataError(
                f'{self.path}: expected regions as H x W integers 0..{MAX_REGION}, found shape {raw.shape} '
                f'{raw.dtype}; create it again with mmmtl regions'
            )
        regions = raw.astype(np.int32)
        if self.void is not None:
            regions[raw == self.void] = -1
        return regions


def region_file_name(record: Record, view: int) -> str:
    """Return the path of a view's map relative to the folder of region maps."""
    return f'{record.name}.png' if len(record.views) == 1 else f'{record.name}/{view}.png'


def with_regions(records: Sequence[Record], regions: str, root: Callable[[str], Path]) -> list[Record]:
    """Return the records with a region reader for each view.

    Args:
        records: The records.
        regions: ``'instances'`` for the instance maps of the dataset, else the output folder of
            ``mmmtl regions``.
        root: Function that resolves the folder, see `data_root`.

    Raises:
        ConfigError: The dataset has no instances.
        DataError: The folder or a map is missing.
    """
    if regions == INSTANCES:
        lacking = next((view for record in records for view in record.views if view.instances is None), None)
        if lacking:
            raise ConfigError(
                f"regions='instances': {lacking.image} has no instance map; create regions with "
                'mmmtl regions and set their folder'
            )
        return [
            _changed(record, [RegionFile(view.instances) for view in record.views if view.instances])
            for record in records
        ]
    folder = root(regions)
    read_manifest(folder)
    existing = {path.relative_to(folder).as_posix() for path in files_below(folder, '.png')}
    names = [[region_file_name(record, number) for number in range(len(record.views))] for record in records]
    missing = [name for of_record in names for name in of_record if name not in existing]
    if missing:
        raise DataError(
            f'{folder}: no region map for {len(missing)} images, the first is {missing[0]}; run '
            'mmmtl regions again for this split; it continues where it stopped'
        )
    return [
        _changed(record, [RegionFile(folder / name, void=0) for name in of_record])
        for record, of_record in zip(records, names, strict=True)
    ]


def read_manifest(folder: Path) -> dict:
    """Read the manifest of a folder of region maps.

    Raises:
        DataError: The manifest is missing or has a different format.
    """
    try:
        manifest = json.loads(read_text(folder / MANIFEST))
        if not isinstance(manifest, dict) or 'backend' not in manifest:
            raise ValueError('it has no entry backend')
        return manifest
    except FileNotFoundError:
        raise DataError(
            f'{folder}: no {MANIFEST}, so it is not a folder of region maps; create one with mmmtl regions'
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(
            f'{folder / MANIFEST}: expected the settings of the regions ({error}); create them again with mmmtl regions'
        ) from None


def _changed(record: Record, readers: Sequence[RegionReader]) -> Record:
    views: list[View] = [replace(view, regions=reader) for view, reader in zip(record.views, readers, strict=True)]
    return replace(record, views=tuple(views))
