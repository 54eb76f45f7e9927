"""A concatenation of datasets, each with its own labels, number of views and pipeline."""

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate

from torch.utils.data import Dataset

from mmmtl.datasets.multi_task_dataset import MultiTaskDataset
from mmmtl.datasets.records import Record
from mmmtl.datasets.sample_key import SampleKey
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS
from mmmtl.tasks import Task


@DATASETS.register_module()
class ConcatDataset(Dataset):
    """A concatenation of datasets; each sample equals that of its part for the same key.

    The metainfo ``dataset`` of a sample names its part, so that `PerDatasetMetric` can evaluate the parts separately.
    Parts may have labels of different tasks and records with different numbers of views. The sampler sets how often
    each part is drawn: `RatioSampler` by ratio, `EpochSampler` each record once per epoch.

    Args:
        parts: ``{name: config}``. Every part gets all tasks of the config; tasks without labels in a part are absent
            from its samples.

    Raises:
        ConfigError: ``parts`` is empty, or a task has labels in none of the parts.
    """

    def __init__(self, parts: Mapping[str, dict | MultiTaskDataset]) -> None:
        if not parts:
            raise ConfigError('ConcatDataset.parts is empty: name at least one dataset')
        self.parts: dict[str, MultiTaskDataset] = {
            name: part if isinstance(part, Dataset) else DATASETS.build(part) for name, part in parts.items()
        }
        self.ends = list(accumulate(len(part) for part in self.parts.values()))
        unknown = set(self.tasks) - {name for shown in self.shown for name in shown}
        if unknown:
            raise ConfigError(
                f'{self}: no part has a label for {", ".join(sorted(unknown))}; add a part that has one, or remove '
                'the task'
            )

    @property
    def tasks(self) -> dict[str, Task]:
        """Return the tasks of all parts."""
        return {name: task for part in self.parts.values() for name, task in part.tasks.items()}

    @property
    def records(self) -> list[Record]:
        """Return the records of all parts, in the order of the indices."""
        return [record for part in self.parts.values() for record in part.records]

    @property
    def shown(self) -> list[tuple[str, ...]]:
        """Return the tasks whose labels each record shows."""
        return [names for part in self.parts.values() for names in part.shown]

    @property
    def metainfo(self) -> dict:
        """Return the meta information that MMEngine passes to metrics and visualizers."""
        return {'tasks': self.tasks, 'parts': tuple(self.parts)}

    @property
    def indices(self) -> dict[str, range]:
        """Return the range of indices of each part."""
        starts = [0, *self.ends[:-1]]
        return {name: range(start, end) for name, start, end in zip(self.parts, starts, self.ends, strict=True)}

    def pack(self) -> None:
        """Store the records of all parts as `PackedRecords`, before worker processes start."""
        for part in self.parts.values():
            part.pack()

    def __len__(self) -> int:
        return self.ends[-1]

    def __getitem__(self, key: int | SampleKey) -> dict:
        """Return the packed views of one record; an integer index means ``SampleKey(0, 0, index)``."""
        key = key if isinstance(key, SampleKey) else SampleKey(0, 0, int(key))
        if not 0 <= key.index < len(self):
            raise IndexError(f'{self}: index {key.index} is out of range, there are {len(self)} records')
        part = bisect_right(self.ends, key.index)
        name = list(self.parts)[part]
        packed = self.parts[name][key._replace(index=key.index - (self.ends[part - 1] if part else 0))]
        for sample in packed['data_samples']:
            sample.set_metainfo({'dataset': name})
        return packed

    def __repr__(self) -> str:
        return f'ConcatDataset({", ".join(f"{name}: {part}" for name, part in self.parts.items())})'
