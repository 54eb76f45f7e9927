"""The base of all data sets: records in, views with the labels that are shown out."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import Compose
from torch.utils.data import Dataset

from mmmtl.datasets.label_readers.region_files import with_regions
from mmmtl.datasets.label_settings import AllLabels
from mmmtl.datasets.records import Record
from mmmtl.datasets.sample_key import SampleKey
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.checksums import Checksums
from mmmtl.registry import DATASETS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task, build_tasks


class MultiTaskDataset(Dataset, ABC):
    """A data set says in `load_records` where its files lie; labels are opened only where they are shown.

    Args:
        tasks: The tasks to learn, ``{name: config}``; those that this data set does not know are absent from
            its samples.
        pipeline: Transforms from record to packed views.
        label_setting: Which of its labels an image shows (all of them by default).
        held_out: `HoldOutSplit`, which keeps back a slice of the split to choose a model by, or gives that slice.
        without_label: What becomes of records that show no label: ``'keep'``, ``'drop'``, or ``'replace'``, which puts
            the labelled ones in their places, in turn, so that a pass remains as long as it was.
        on_bad_sample: ``'raise'`` when a file of a sample is damaged, or ``'skip'``: the next record stands in for it,
            and the sample says so in its metainfo ``skipped``, which `BadSampleHook` counts and logs.
        regions: Number what belongs together in an image, for losses that compare regions: the folder that
            ``mmmtl regions`` has filled (relative names are also looked for under ``MMMTL_DATA``), or
            ``'instances'`` where the data set has them. None for samples without.
        checksums: A list of what the files must hold, as ``check_dataset.py --write-checksums`` writes it; relative
            names are also looked for under the environment variable ``MMMTL_DATA``.

    Raises:
        ConfigError: The data set has no label for any of the tasks, or shows none, or an argument is unknown.
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
        self.records = self.load_records()
        if not self.records:
            raise DataError(f'{self}: the split is empty')
        if regions is not None:
            self.records = with_regions(self.records, regions, data_root)
        known = set().union(*(record.label_names() for record in self.records)) & set(self.tasks)
        if not known | self.computed():
            raise ConfigError(f'{self} has no label for any of the tasks {", ".join(self.tasks)}')
        self.shown = self.label_setting.shown(self.records, [name for name in self.tasks if name in known])
        if held_out:
            self.keep(DATASETS.build(held_out).indices(self.records))
        if not any(self.shown) and not self.computed():
            raise ConfigError(
                f'{self}: {type(self.label_setting).__name__} hides every label of {", ".join(self.tasks)}'
            )
        if without_label != 'keep':
            labelled = [place for place, names in enumerate(self.shown) if names]
            self.keep(labelled if without_label == 'drop' else np.resize(labelled, len(self)).tolist())

    @abstractmethod
    def load_records(self) -> list[Record]:
        """All records of the split, in an order that never changes."""

    def keep(self, indices: Sequence[int]) -> None:
        """Go on with some of the records; what they show stays as it is."""
        self.records = [self.records[place] for place in indices]
        self.shown = [self.shown[place] for place in indices]

    def computed(self) -> set[str]:
        """Names of the maps that a transform brings (`LoadPseudoLabels`)."""
        return {name for step in self.pipeline.transforms for name in getattr(step, 'tasks', ())}

    @property
    def metainfo(self) -> dict:
        """What MMEngine hands on to metrics and visualizers."""
        return {'tasks': self.tasks}

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, key: int | SampleKey) -> dict:
        """Packed views of one record; a plain index is the first draw with seed 0.

        With ``on_bad_sample='skip'`` the next record that loads takes the place of a bad one: which one, and its draw,
        depend on the key alone.
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
        raise DataError(f'{self}: not one of the {len(self)} samples can be loaded; the first says: {skipped[0]}')

    def load(self, key: SampleKey) -> dict:
        """The record through the pipeline, the bytes of its files compared with their checksums.

        They are compared last, so that a damaged file is named by what is wrong with it.
        """
        record, shown = self.records[key.index], self.shown[key.index]
        packed = self.pipeline(
            {
                'record': record,
                'tasks': {name: self.tasks[name] for name in shown},
                'rng': np.random.default_rng(key),
            }
        )
        if self.checksums.known:
            for path in record.files(shown):
                self.checksums.verify(path)
        return packed

    def __repr__(self) -> str:
        return type(self).__name__


def data_root(root: str | Path) -> Path:
    """A relative ``root`` under ``MMMTL_DATA`` where that exists, else ``root`` as it is.

    Raises:
        DataError: Neither exists.
    """
    folders = [Path(root)]
    if os.environ.get('MMMTL_DATA') and not folders[0].is_absolute():
        folders.insert(0, Path(os.environ['MMMTL_DATA']) / root)
    for folder in folders:
        if folder.is_dir():
            return folder
    raise DataError(
        f"data root {' or '.join(map(str, folders))} does not exist: set the data set's root to the "
        'folder, or the environment variable MMMTL_DATA to the folder above it'
    )


def cache_root() -> Path:
    """Where data sets keep what they have computed: ``MMMTL_CACHE``, or ``~/.cache/mmmtl``."""
    return Path(os.environ.get('MMMTL_CACHE') or Path.home() / '.cache' / 'mmmtl')


def collate_views(batch: Sequence[dict]) -> dict[str, list[torch.Tensor] | list[MultiTaskDataSample]]:
    """Scenes -> lists of N images (3, H, W) and N samples, in the order (b v)."""
    return {
        'inputs': [image for scene in batch for image in scene['inputs']],
        'data_samples': [sample for scene in batch for sample in scene['data_samples']],
    }
