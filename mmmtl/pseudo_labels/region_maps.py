"""Region maps of the images of a data set, for losses that compare regions.

Every image gets a 16-bit PNG of its own size, 0 where there is no region; the data set takes them by ``regions='DIR'``.
What is there already is kept, so a second run resumes where the first one stopped.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
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
from mmmtl.files.checksums import as_json
from mmmtl.files.reading import read_image, read_size
from mmmtl.pseudo_labels.region_backends import DATASET_BACKENDS, Segmenter, build_segmenter
from mmmtl.tasks import Task

segmenter: Segmenter | None = None  # of this process


@dataclass(frozen=True)
class RegionMapJob:
    """One image and the file of its regions."""

    image: Path
    load_regions: Callable[[], np.ndarray] | None  # the regions that come with the data set, -1 for none
    path: Path

    def finished(self) -> np.ndarray | None:
        """The map if it is there and whole.

        Raises:
            DataError: It is of another size than the image.
        """
        try:
            regions = RegionFile(self.path).load()
        except DataError:  # missing, or truncated because the process was killed: made again
            return None
        size = read_size(self.image)
        if regions.shape != size:
            raise DataError(
                f'{self.path}: regions of {regions.shape[0]} x {regions.shape[1]}, but the image '
                f'{self.image} is {size[0]} x {size[1]}; choose another --out, or delete the folder'
            )
        return regions

    def run(self, segmenter: Segmenter | None) -> int:
        """Make the map unless it is there; how many regions it has."""
        regions = self.finished()
        if regions is None:
            image = read_image(self.image)
            if self.load_regions:
                regions = self.load_regions() + 1
            else:
                assert segmenter is not None, 'prepare builds one for every backend that cuts images'
                regions = segmenter(image)
            if regions.shape != image.shape[:2] or not 0 <= regions.min() <= regions.max() <= MAX_REGION:
                raise DataError(
                    f'{self.image}: expected a map of {image.shape[0]} x {image.shape[1]} with at most '
                    f'{MAX_REGION} regions, found {regions.shape} with {regions.max()}'
                )
            write_region_map(self.path, regions.astype(np.uint16))
        return np.unique(regions[regions > 0]).size


def write_region_map(path: Path, regions: np.ndarray) -> None:
    """Under a temporary name, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        Image.fromarray(regions).save(unfinished, format='PNG')
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def dataset_regions(backend: str, dataset: MultiTaskDataset, view: View) -> Callable[[], np.ndarray] | None:
    """What loads the regions that a view comes with; None for the backends that cut the image.

    Raises:
        ConfigError: It comes with none.
    """
    if backend not in DATASET_BACKENDS:
        return None
    if backend == 'instances' and view.instances is not None:
        return RegionFile(view.instances).load
    task = dataset.tasks.get('semseg')
    if backend == 'semseg' and 'semseg' in view.labels and task is not None and task.quantity == 'classes':
        return partial(_class_regions, view.labels['semseg'], task)
    raise ConfigError(f'--backend {backend}: {view.image} has no {backend} labels; choose another backend')


def _class_regions(source: LabelReader, task: Task) -> np.ndarray:
    """The classes of a label, -1 where it is void: each is one region."""
    label = source.load(task)
    return np.where(label == task.void, -1, label)


def check_manifest(out: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of the folder, or compare it with the one that is there.

    Raises:
        DataError: The folder holds maps that were made with other settings.
    """
    if not (out / MANIFEST).exists():
        out.mkdir(parents=True, exist_ok=True)
        (out / MANIFEST).write_text(as_json(manifest), encoding='utf-8')
        return
    stored = read_manifest(out)
    different = [
        f'{key}={stored.get(key)!r} there, {manifest.get(key)!r} now'
        for key in {*stored, *manifest}
        if stored.get(key) != manifest.get(key)
    ]
    if different:
        raise DataError(
            f'{out}: holds regions made with other settings ({"; ".join(sorted(different))}); choose '
            'another --out, or delete the folder'
        )


@dataclass(frozen=True)
class Backend:
    """How images are cut into regions.

    Args:
        name: One of ``BACKENDS``.
        settings: All settings of it.
        checkpoint: SAM's weights.
        device: Where SAM runs.
    """

    name: str
    settings: dict[str, Any]
    checkpoint: Path | None = None
    device: str = 'cpu'


def region_map_jobs(dataset: MultiTaskDataset, backend: str, out: Path) -> list[RegionMapJob]:
    """Return the images of a data set with the files of their regions below ``out``."""
    return [
        RegionMapJob(view.image, dataset_regions(backend, dataset, view), out / region_file_name(record, view_index))
        for record in dataset.records
        for view_index, view in enumerate(record.views)
    ]


def run_jobs(jobs: Sequence[RegionMapJob], backend: Backend, processes: int) -> Iterator[tuple[Path, int]]:
    """Yield images and their numbers of regions, in the order in which they are finished."""
    if processes == 1:
        prepare(backend)
        for job in jobs:
            yield job.image, run_job(job)
        return
    context = multiprocessing.get_context('spawn')  # a CUDA device does not survive a fork
    with ProcessPoolExecutor(processes, context, prepare, (backend,)) as pool:
        running = {pool.submit(run_job, job): job for job in jobs}
        try:
            for done in as_completed(running):
                yield running[done].image, done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def prepare(backend: Backend) -> None:
    """Build this process's segmenter, once for all its images."""
    global segmenter
    from_dataset = backend.name in DATASET_BACKENDS
    segmenter = (
        None if from_dataset else build_segmenter(backend.name, backend.settings, backend.checkpoint, backend.device)
    )


def run_job(job: RegionMapJob) -> int:
    """With this process's segmenter."""
    return job.run(segmenter)
