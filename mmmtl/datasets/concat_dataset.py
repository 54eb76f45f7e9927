"""Several data sets as one: each with the labels, the views and the pipeline of its own."""

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
    """The parts one after the other; a sample is the very one that its part would give for the same key.

    Every sample says in its metainfo ``dataset`` which part it comes from, so that `PerDatasetMetric` can judge the
    parts one by one. Parts may know different tasks and have records of different numbers of views; how often each is
    drawn is the sampler's business (`RatioSampler`, or `EpochSampler` for each record once per pass).

    Args:
        parts: ``{name: config}``. All of them are given the config's tasks; what a part has no label for is absent from
            its samples.

    Raises:
        ConfigError: There are no parts, or a task is labelled in none of them.
    """

    def __init__(self, parts: Mapping[str, dict | MultiTaskDataset]) -> None:
        if not parts:
            raise ConfigError('ConcatDataset.parts is empty: name at least one data set')
        self.parts: dict[str, MultiTaskDataset] = {
            name: part if isinstance(part, Dataset) else DATASETS.build(part) for name, part in parts.items()
        }
        self.ends = list(accumulate(len(part) for part in self.parts.values()))
        unknown = set(self.tasks) - {name for shown in self.shown for name in shown}
        if unknown:
            raise ConfigError(
                f'{self}: no part has a label for {", ".join(sorted(unknown))}; add a part that has, or remove the task'
            )

    @property
    def tasks(self) -> dict[str, Task]:
        """Those of all parts."""
        return {name: task for part in self.parts.values() for name, task in part.tasks.items()}

    @property
    def records(self) -> list[Record]:
        """Those of all parts, in the order of the indices."""
        return [record for part in self.parts.values() for record in part.records]

    @property
    def shown(self) -> list[tuple[str, ...]]:
        """Which labels each record shows."""
        return [names for part in self.parts.values() for names in part.shown]

    @property
    def metainfo(self) -> dict:
        """What MMEngine hands on to metrics and visualizers."""
        return {'tasks': self.tasks, 'parts': tuple(self.parts)}

    @property
    def indices(self) -> dict[str, range]:
        """Which indices each part has."""
        starts = [0, *self.ends[:-1]]
        return {name: range(start, end) for name, start, end in zip(self.parts, starts, self.ends, strict=True)}

    def __len__(self) -> int:
        return self.ends[-1]

    def __getitem__(self, key: int | SampleKey) -> dict:
        """Packed views of one record; a plain index is the first draw with seed 0."""
        key = key if isinstance(key, SampleKey) else SampleKey(0, 0, int(key))
        if not 0 <= key.index < len(self):
            raise IndexError(f'{self}: no record {key.index}, there are {len(self)}')
        number = bisect_right(self.ends, key.index)
        name = list(self.parts)[number]
        packed = self.parts[name][key._replace(index=key.index - (self.ends[number - 1] if number else 0))]
        for sample in packed['data_samples']:
            sample.set_metainfo({'dataset': name})
        return packed

    def __repr__(self) -> str:
        return f'ConcatDataset({", ".join(f"{name}: {part}" for name, part in self.parts.items())})'
