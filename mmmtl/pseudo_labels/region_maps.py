"""Write region maps of the images of a dataset, for losses that compare regions.

Every image gets a 16-bit PNG of its own size, 0 for no region; the dataset reads them with ``regions='DIR'``. Existing
maps are kept, so an interrupted run can be resumed.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmmtl.datasets import MultiTaskDataset
from mmmtl.datasets.label_readers.region_files import MANIFEST, MAX_REGION, RegionFile, read_manifest, region_file_name
from mmmtl.datasets.records import LabelReader, View
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.atomic_path import atomic_path, write_text_file
from mmmtl.files.checksums import as_json
from mmmtl.files.reading import read_image, read_size
from mmmtl.pseudo_labels.region_backends import DATASET_BACKENDS, Segmenter, build_segmenter
from mmmtl.tasks import Task

segmenter: Segmenter | None = None  # set by `prepare`, once per process


@dataclass(frozen=True)
class RegionMapJob:
    """An image and the file of its region map."""

    image: Path
    load_regions: Callable[[], np.ndarray] | None  # loads regions of the dataset, -1 for none; None to segment
    path: Path

    def existing_map(self) -> np.ndarray | None:
        """Return the map if its file exists and is complete, otherwise None.

        Raises:
            DataError: It differs in size from the image.
        """
        try:
            regions = RegionFile(self.path).load()
        except DataError:  # missing, or truncated by an interrupted run: written again
            return None
        size = read_size(self.image)
        if regions.shape != size:
            raise DataError(
                f'{self.path}: regions of {regions.shape[0]} x {regions.shape[1]}, but the image '
                f'{self.image} is {size[0]} x {size[1]}; choose another --out, or delete the folder'
            )
        return regions

    def run(self, segmenter: Segmenter | None) -> int:
        """Write the map unless it exists, and return its number of regions.

        Raises:
            DataError: The map has a different size or too many regions.
        """
        regions = self.existing_map()
        if regions is None:
            image = read_image(self.image)
            if self.load_regions:
                regions = self.load_regions() + 1
            else:
                assert segmenter is not None, 'prepare builds a segmenter for every other backend'
                regions = segmenter(image)
            if regions.shape != image.shape[:2] or not 0 <= regions.min() <= regions.max() <= MAX_REGION:
                raise DataError(
                    f'{self.image}: expected a map of {image.shape[0]} x {image.shape[1]} with at most '
                    f'{MAX_REGION} regions, found {regions.shape} with {regions.max()}'
                )
            write_region_map(self.path, regions.astype(np.uint16))
        return np.unique(regions[regions > 0]).size


def write_region_map(path: Path, regions: np.ndarray) -> None:
    """Write a region map (H, W) uint16 as PNG, under a temporary name that is then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as unfinished:
        Image.fromarray(regions).save(unfinished, format='PNG')


def dataset_regions(backend: str, dataset: MultiTaskDataset, view: View) -> Callable[[], np.ndarray] | None:
    """Return a function that loads the regions of a view, -1 for none; None for backends that segment the image.

    Raises:
        ConfigError: The dataset has no such regions.
    """
    if backend not in DATASET_BACKENDS:
        return None
    if backend == 'instances' and view.instances is not None:
        return RegionFile(view.instances).load
    task = dataset.tasks.get('semseg')
    if backend == 'semseg' and 'semseg' in view.labels and task is not None and task.quantity == 'classes':
        return partial(_class_regions, view.labels['semseg'], task)
    raise ConfigError(f'--backend {backend}: {view.image} has no {backend} labels; choose another backend')


def _class_regions(reader: LabelReader, task: Task) -> np.ndarray:
    """Return the classes (H, W) of a label as regions, -1 where it is void."""
    label = reader.load(task)
    return np.where(label == task.void, -1, label)


def check_manifest(out: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a folder of maps, or compare it with the existing one.

    Args:
        out: Folder of the maps.
        manifest: Settings on which the maps depend.

    Raises:
        DataError: The folder contains maps that were made with different settings.
    """
    if not (out / MANIFEST).exists():
        out.mkdir(parents=True, exist_ok=True)
        write_text_file(out / MANIFEST, as_json(manifest))
        return
    stored = read_manifest(out)
    different = [
        f'{key}={stored.get(key)!r} there, {manifest.get(key)!r} now'
        for key in {*stored, *manifest}
        if stored.get(key) != manifest.get(key)
    ]
    if different:
        raise DataError(
            f'{out}: holds regions made with different settings ({"; ".join(sorted(different))}); choose '
            'another --out, or delete the folder'
        )


@dataclass(frozen=True)
class Backend:
    """A method that provides regions, with its settings.

    Args:
        name: One of ``BACKENDS``.
        settings: All its settings.
        checkpoint: Weights of SAM.
        device: Device of SAM.
    """

    name: str
    settings: dict[str, Any]
    checkpoint: Path | None = None
    device: str = 'cpu'


def region_map_jobs(dataset: MultiTaskDataset, backend: str, out: Path) -> list[RegionMapJob]:
    """Return the images of a dataset with the files of their region maps below ``out``."""
    return [
        RegionMapJob(view.image, dataset_regions(backend, dataset, view), out / region_file_name(record, view_index))
        for record in dataset.records
        for view_index, view in enumerate(record.views)
    ]


def run_jobs(jobs: Sequence[RegionMapJob], backend: Backend, processes: int) -> Iterator[tuple[Path, int]]:
    """Write the region maps; yield each image and its number of regions, in the order in which they are finished.

    Raises:
        ConfigError: A process was killed.
    """
    if processes == 1:
        prepare(backend)
        for job in jobs:
            yield job.image, run_job(job)
        return
    context = multiprocessing.get_context('spawn')  # CUDA cannot be used in a forked process
    with ProcessPoolExecutor(processes, context, prepare, (backend,)) as pool:
        running = {pool.submit(run_job, job): job for job in jobs}
        try:
            for done in as_completed(running):
                yield running[done].image, done.result()
        except BrokenProcessPool:
            raise ConfigError(
                f'--processes {processes}: one of the processes was killed, perhaps because memory ran out; the same '
                'command with fewer processes continues'
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def prepare(backend: Backend) -> None:
    """Build the segmenter of this process, which all its jobs share."""
    global segmenter
    from_dataset = backend.name in DATASET_BACKENDS
    segmenter = (
        None if from_dataset else build_segmenter(backend.name, backend.settings, backend.checkpoint, backend.device)
    )


def run_job(job: RegionMapJob) -> int:
    """Run a job with the segmenter of this process, and return the number of regions."""
    return job.run(segmenter)
