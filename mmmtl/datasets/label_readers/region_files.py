"""Regions of images: maps that number what belongs together, whatever it is called; of no task, and never hidden."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmmtl.datasets.records import Record, View
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.linked_folders import files_below
from mmmtl.files.reading import read_indices
from mmmtl.files.text_files import read_text

MANIFEST = 'manifest.json'
LARGEST = 65535  # number of a region
INSTANCES = 'instances'


@dataclass(frozen=True)
class RegionFile:
    """A region map in a picture of one channel; ``void`` is the number that stands for no region."""

    path: Path
    void: int | None = None

    def load(self) -> np.ndarray:
        """int32 (H, W): 0..65535, -1 for no region.

        Raises:
            DataError: The file is missing, damaged or no map of whole numbers.
        """
        raw = read_indices(self.path)
        if raw.ndim != 2 or raw.dtype.kind not in 'ui' or (raw.size and not 0 <= raw.min() <= raw.max() <= LARGEST):
            raise DataError(
                f'{self.path}: expected regions as H x W numbers 0..{LARGEST}, found shape {raw.shape} '
                f'{raw.dtype}; make it again with mmmtl regions'
            )
        regions = raw.astype(np.int32)
        if self.void is not None:
            regions[raw == self.void] = -1
        return regions


def region_file_name(record: Record, view: int) -> str:
    """Where the map of a record's view lies in a folder of region maps."""
    return f'{record.name}.png' if len(record.views) == 1 else f'{record.name}/{view}.png'


def with_regions(records: Sequence[Record], regions: str, root: Callable[[str], Path]) -> list[Record]:
    """The records with the source of each view's regions.

    Args:
        regions: ``'instances'`` for those that come with the data set; else the folder that
            ``mmmtl regions`` has filled.
        root: Folder name -> folder that exists.

    Raises:
        ConfigError: The data set has no instances.
        DataError: The folder or a map is missing.
    """
    if regions == INSTANCES:
        lacking = next((view for record in records for view in record.views if view.instances is None), None)
        if lacking:
            raise ConfigError(
                f"regions='instances': {lacking.image} comes with no instances; make regions with "
                'mmmtl regions and give their folder'
            )
        return [_changed(record, [RegionFile(view.instances) for view in record.views]) for record in records]
    folder = root(regions)
    read_manifest(folder)
    there = {path.relative_to(folder).as_posix() for path in files_below(folder, '.png')}
    names = [[region_file_name(record, number) for number in range(len(record.views))] for record in records]
    missing = [name for of_record in names for name in of_record if name not in there]
    if missing:
        raise DataError(
            f'{folder}: no region map for {len(missing)} images, the first is {missing[0]}; run '
            'mmmtl regions again for this split, it goes on where it stopped'
        )
    return [
        _changed(record, [RegionFile(folder / name, void=0) for name in of_record])
        for record, of_record in zip(records, names, strict=True)
    ]


def read_manifest(folder: Path) -> dict:
    """How the maps of a folder were made.

    Raises:
        DataError: There is no manifest, or it holds something else.
    """
    try:
        manifest = json.loads(read_text(folder / MANIFEST))
        if not isinstance(manifest, dict) or 'backend' not in manifest:
            raise ValueError('it names no backend')
        return manifest
    except FileNotFoundError:
        raise DataError(f'{folder}: no {MANIFEST}, so no folder of region maps; make one with mmmtl regions') from None
    except (OSError, ValueError) as error:
        raise DataError(
            f'{folder / MANIFEST}: expected how the regions were made ({error}); make them again with mmmtl regions'
        ) from None


def _changed(record: Record, sources: Sequence[RegionFile]) -> Record:
    views: list[View] = [replace(view, regions=source) for view, source in zip(record.views, sources, strict=True)]
    return replace(record, views=tuple(views))
