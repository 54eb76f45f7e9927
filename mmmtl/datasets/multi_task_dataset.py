"""The base class of all datasets."""

import os
import pickle
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import Compose
from torch.utils.data import Dataset

from mmmtl.datasets.garbage_collection import paused_collection
from mmmtl.datasets.label_readers.region_files import with_regions
from mmmtl.datasets.label_settings import AllLabels, NoLabels
from mmmtl.datasets.packed_records import PackedRecords
from mmmtl.datasets.records import Record
from mmmtl.datasets.sample_key import SampleKey
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.checksums import Checksums
from mmmtl.registry import DATASETS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task, build_tasks


class MultiTaskDataset(Dataset, ABC):
    """Base class of datasets; subclasses list their files in `load_records`.

    A label is hidden unless ``label_setting`` shows it, and files of hidden labels are never opened.

    Args:
        tasks: The tasks to learn, ``{name: config}``; tasks without labels in this dataset are absent from its
            samples.
        pipeline: Transforms from a record to packed views.
        label_setting: Config of a label setting, such as `OneLabel`; None shows all labels.
        held_out: Config of a `HoldOutSplit`, to use a part of the split only.
        without_label: What to do with records that show no label: ``'keep'`` them, ``'drop'`` them, or ``'replace'``
            them by the labelled records, in turn, so that the length of an epoch does not change.
        on_bad_sample: ``'raise'`` an error if a file of a sample is damaged, or ``'skip'`` to the next record. The
            metainfo ``skipped`` of the sample then holds the error messages, which `BadSampleHook` counts and logs.
        checksums: File that ``mmmtl check-data --write-checksums`` has written, to verify every file that is read; a
            relative path is first looked up under ``MMMTL_DATA``.
        regions: Region maps for losses that compare regions: the output folder of ``mmmtl regions`` (a
            relative path is first looked up under ``MMMTL_DATA``), or ``'instances'`` for the instance maps of the
            dataset. None for no regions.

    Raises:
        ConfigError: The dataset has no label for any of the tasks, all labels are hidden, or an option is invalid.
        DataError: The split is empty.
    """

    def __init__(
        self,
        *,
        tasks: Mapping[str, dict | Task],
        pipeline: Sequence[dict],
        label_setting: dict | None = None,
        held_out: dict | None = None,
        without_label: str = 'keep',
        on_bad_sample: str = 'raise',
        checksums: str | None = None,
        regions: str | None = None,
    ) -> None:
        if on_bad_sample not in ('raise', 'skip'):
            raise ConfigError(f"{type(self).__name__}.on_bad_sample must be 'raise' or 'skip', found {on_bad_sample!r}")
        if without_label not in ('keep', 'drop', 'replace'):
            raise ConfigError(
                f"{type(self).__name__}.without_label must be 'keep', 'drop' or 'replace', found {without_label!r}"
            )
        self.on_bad_sample = on_bad_sample
        self.checksums = Checksums()
        if checksums:
            self.checksums.read(data_root(Path(checksums).parent) / Path(checksums).name)
        self.tasks = build_tasks(tasks)
        self.pipeline = Compose(pipeline)
        self.label_setting = DATASETS.build(label_setting) if label_setting else AllLabels()
        with paused_collection():
            self.records: Sequence[Record] = self.load_records()
        if not self.records:
            raise DataError(f'{self}: the split is empty')
        if regions is not None:
            self.records = with_regions(self.records, regions, data_root)
        labelled_tasks = set().union(*(record.label_names() for record in self.records)) & set(self.tasks)
        if not labelled_tasks | self.computed_labels() and not isinstance(self.label_setting, NoLabels):
            raise ConfigError(f'{self} has no label for any of the tasks {", ".join(self.tasks)}')
        self.shown = self.label_setting.shown(self.records, [name for name in self.tasks if name in labelled_tasks])
        self._check_labels(f'{type(self.label_setting).__name__} hides every label of {", ".join(self.tasks)}')
        if held_out:
            self.keep(DATASETS.build(held_out).indices(self.records))
            self._check_labels(
                f'none of the {len(self)} records that held_out selects has a label of {", ".join(self.tasks)}; select '
                'more records, or list the records of each split in a file'
            )
        if without_label != 'keep':
            labelled = [index for index, names in enumerate(self.shown) if names]
            if not labelled:
                raise ConfigError(f"{self}.without_label={without_label!r}: no record shows a label; set it to 'keep'")
            self.keep(labelled if without_label == 'drop' else np.resize(labelled, len(self)).tolist())

    def _check_labels(self, problem: str) -> None:
        if not any(self.shown) and not self.computed_labels() and not isinstance(self.label_setting, NoLabels):
            raise ConfigError(f'{self}: {problem}')

    @abstractmethod
    def load_records(self) -> list[Record]:
        """Return all records of the split, in a fixed order."""

    def keep(self, indices: Sequence[int]) -> None:
        """Keep the records at ``indices`` only, with the labels that they show."""
        self.records = [self.records[index] for index in indices]
        self.shown = [self.shown[index] for index in indices]

    def pack(self) -> None:
        """Store the records as `PackedRecords`, before worker processes start; they cannot be replaced any more.

        Records that cannot be pickled stay as they are, since forked workers do not need to pickle them.
        """
        self.__dict__.update(self.__getstate__())

    def __getstate__(self) -> dict:
        records = self.records
        if not isinstance(records, PackedRecords):
            with suppress(pickle.PicklingError, AttributeError, TypeError):
                records = PackedRecords(records)
        unique: dict[tuple[str, ...], tuple[str, ...]] = {}
        return {**vars(self), 'records': records, 'shown': [unique.setdefault(names, names) for names in self.shown]}

    def computed_labels(self) -> set[str]:
        """Return the names of the labels that transforms add, such as those of `LoadPseudoLabels`."""
        return {name for step in self.pipeline.transforms for name in getattr(step, 'tasks', ())}

    @property
    def metainfo(self) -> dict:
        """Return the meta information that MMEngine passes to metrics and visualizers."""
        return {'tasks': self.tasks}

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, key: int | SampleKey) -> dict:
        """Return the packed views of one record; an integer index means ``SampleKey(0, 0, index)``.

        With ``on_bad_sample='skip'`` a bad record is replaced by the next one that loads. The result depends on the key
        alone.

        Raises:
            DataError: The sample, or with ``'skip'`` every sample, cannot be loaded.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(0, 0, int(key))
        if self.on_bad_sample == 'raise':
            return self.load(key)
        skipped: list[str] = []
        for index in (key.index, *((key.index + step) % len(self) for step in range(1, len(self)))):
            try:
                packed = self.load(key._replace(index=index))
            except DataError as error:
                skipped.append(str(error))
                continue
            if skipped:
                packed['data_samples'][0].set_metainfo({'skipped': skipped})
            return packed
        raise DataError(f'{self}: none of the {len(self)} samples can be loaded; the first error: {skipped[0]}')

    def load(self, key: SampleKey) -> dict:
        """Run the pipeline on a record, then verify the checksums of its files.

        Checksums come last because an error of a reader is more specific than a wrong checksum.
        """
        record, shown = self.records[key.index], self.shown[key.index]
        packed = self.pipeline(
            {
                'record': record,
                'tasks': {name: self.tasks[name] for name in shown},
                'rng': np.random.default_rng(list(key)),
            }
        )
        if self.checksums.known:
            for path in record.files(shown):
                self.checksums.verify(path)
        return packed

    def __repr__(self) -> str:
        return type(self).__name__


def data_root(root: str | Path) -> Path:
    """Return ``root`` below the environment variable ``MMMTL_DATA`` if that folder exists, else ``root`` itself.

    Raises:
        DataError: Neither folder exists.
    """
    folders = [Path(root)]
    if os.environ.get('MMMTL_DATA') and not folders[0].is_absolute():
        folders.insert(0, Path(os.environ['MMMTL_DATA']) / root)
    for folder in folders:
        if folder.is_dir():
            return folder
    raise DataError(
        f"data root {' or '.join(map(str, folders))} does not exist: set the dataset's root to the "
        'folder, or the environment variable MMMTL_DATA to the folder above it'
    )


def cache_root() -> Path:
    """Return the folder for computed data: ``MMMTL_CACHE``, or ``~/.cache/mmmtl``."""
    return Path(os.environ.get('MMMTL_CACHE') or Path.home() / '.cache' / 'mmmtl')


def collate_views(batch: Sequence[dict]) -> dict[str, list[torch.Tensor] | list[MultiTaskDataSample]]:
    """Collate scenes to lists of N = B * V images (3, H, W) and N samples, in the order (b v)."""
    return {
        'inputs': [image for scene in batch for image in scene['inputs']],
        'data_samples': [sample for scene in batch for sample in scene['data_samples']],
    }
