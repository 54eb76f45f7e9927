"""Random label settings: one label per record, in equal or given ratios, or a random number of labels."""

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class OneLabel:
    """Show one random label per record; the numbers of labels per task differ by at most one.

    This is the "one label" setting of MTPSL (Li, Liu, Bilen, CVPR 2022).

    Args:
        seed: Seed of the draw.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """Return for each record the tasks whose labels are shown."""
        return one_each(records, tasks, dict.fromkeys(tasks, 1.0), self.seed)


@DATASETS.register_module()
class LabelRatio:
    """Show one random label per record, with the tasks in a given ratio (to within one label).

    ``ratio=dict(semseg=1, depth=9)`` is the 1:9 of table 4 in MTPSL: a tenth of the images shows segmentation, the rest
    depth. If records lack labels, the ratio is approximated as closely as possible.

    Args:
        ratio: ``{task: weight}``, for every task that is learnt and labelled.
        seed: Seed of the draw.

    Raises:
        ConfigError: A weight is not a positive number, or the ratio does not list the tasks.
    """

    def __init__(self, ratio: Mapping[str, float], seed: int = 0) -> None:
        if not ratio or not all(
            isinstance(fraction, int | float) and 0 < fraction < inf for fraction in ratio.values()
        ):
            raise ConfigError(f'LabelRatio.ratio must give every task a positive number, found {dict(ratio)}')
        self.ratio, self.seed = dict(ratio), seed

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """Return for each record the tasks whose labels are shown."""
        if set(self.ratio) != set(tasks):
            raise ConfigError(
                f'LabelRatio.ratio lists {", ".join(self.ratio)}, but the labelled tasks are '
                f'{", ".join(tasks)}; give each of them a number'
            )
        return one_each(records, tasks, self.ratio, self.seed)


@DATASETS.register_module()
class RandomLabels:
    """Show a random subset of the labels of each record: uniformly 1 to n - 1 of its n labels.

    This is the "random" setting of MTPSL (Li, Liu, Bilen, CVPR 2022), whose published draws have these frequencies. A
    record with a single label shows it.

    Args:
        seed: Seed of the draw.
        max_labels: Largest number of labels to show; n - 1 by default.

    Raises:
        ConfigError: ``max_labels`` is not a positive integer.
    """

    def __init__(self, seed: int = 0, max_labels: int | None = None) -> None:
        if max_labels is not None and not (isinstance(max_labels, int) and max_labels >= 1):
            raise ConfigError(f'RandomLabels.max_labels must be a positive integer, found {max_labels!r}')
        self.seed, self.max_labels = seed, max_labels

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """Return for each record the tasks whose labels are shown."""
        rng = np.random.default_rng(self.seed)
        shown = []
        for record in records:
            known = list(filter(record.label_names().__contains__, tasks))
            max_labels = min(len(known), self.max_labels or max(len(known) - 1, 1))
            count = int(rng.integers(1, max_labels + 1)) if known else 0
            drawn = set(rng.permutation(known)[:count].tolist())
            shown.append(tuple(task for task in known if task in drawn))
        return shown


def one_each(
    records: Sequence[Record], tasks: Sequence[str], fractions: Mapping[str, float], seed: int
) -> list[tuple[str, ...]]:
    """Show one label per record that has any, of the task furthest below its fraction."""
    rng = np.random.default_rng(seed)
    counts = dict.fromkeys(tasks, 0)
    shown: list[tuple[str, ...]] = [()] * len(records)
    for index in rng.permutation(len(records)):
        known = list(filter(records[index].label_names().__contains__, tasks))
        if known:  # Webster's method of apportionment; ties are broken at random
            task = min(rng.permutation(known).tolist(), key=lambda name: (counts[name] + 0.5) / fractions[name])
            counts[task] += 1
            shown[index] = (task,)
    return shown
