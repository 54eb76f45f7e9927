"""The base of all data sets: records in, views with the labels that are shown out."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import Compose
from torch.utils.data import Dataset

from mmmtl.datasets.label_settings import AllLabels
from mmmtl.datasets.records import Record
from mmmtl.datasets.samplers import SampleKey
from mmmtl.errors import ConfigError, DataError
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

    Raises:
        ConfigError: The data set has no label for any of the tasks.
        DataError: The split is empty.
    """

    def __init__(self, *, tasks: Mapping[str, dict | Task], pipeline: Sequence[dict],
                 label_setting: dict | None = None) -> None:
        self.tasks = build_tasks(tasks)
        self.pipeline = Compose(pipeline)
        self.label_setting = DATASETS.build(label_setting) if label_setting else AllLabels()
        self.records = self.load_records()
        if not self.records:
            raise DataError(f'{self}: the split is empty')
        known = set().union(*(record.label_names() for record in self.records)) & set(self.tasks)
        if not known:
            raise ConfigError(f'{self} has no label for any of the tasks {", ".join(self.tasks)}')
        self.shown = self.label_setting.shown(self.records, [name for name in self.tasks if name in known])

    @abstractmethod
    def load_records(self) -> list[Record]:
        """All records of the split, in an order that never changes."""

    @property
    def metainfo(self) -> dict:
        """What MMEngine hands on to metrics and visualizers."""
        return {'tasks': self.tasks}

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, key: int | SampleKey) -> dict:
        """Packed views of one record; a plain index is the first draw with seed 0."""
        key = key if isinstance(key, SampleKey) else SampleKey(0, 0, int(key))
        record = self.records[key.index]
        return self.pipeline({
            'record': record,
            'tasks': {name: self.tasks[name] for name in self.shown[key.index]},
            'rng': np.random.default_rng(key),
        })

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
    raise DataError(f'data root {" or ".join(map(str, folders))} does not exist: set the data set\'s root to the '
                    'folder, or the environment variable MMMTL_DATA to the folder above it')


def collate_views(batch: Sequence[dict]) -> dict[str, list[torch.Tensor] | list[MultiTaskDataSample]]:
    """Scenes -> lists of N images (3, H, W) and N samples, in the order (b v)."""
    return {
        'inputs': [image for scene in batch for image in scene['inputs']],
        'data_samples': [sample for scene in batch for sample in scene['data_samples']],
    }
