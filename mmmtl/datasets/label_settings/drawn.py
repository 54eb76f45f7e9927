"""Label settings that are drawn with a seed: one label per image, in equal or given shares, or a random number."""

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np

from mmmtl.datasets.records import Record
from mmmtl.errors import ConfigError
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class OneLabel:
    """Every record shows one of its labels, drawn with ``seed``; the tasks get equal shares, to within one.

    This is the "one label" setting of MTPSL (Li, Liu, Bilen, CVPR 2022).
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        return one_each(records, tasks, dict.fromkeys(tasks, 1.0), self.seed)


@DATASETS.register_module()
class LabelRatio:
    """Every record shows one of its labels, drawn with ``seed``; the tasks get shares in this ratio, to within one.

    ``ratio=dict(semseg=1, depth=9)`` is the 1:9 of MTPSL's table 4: a tenth of the images shows segmentation, the rest
    depth. Where images lack labels, the shares come as near as they can.

    Args:
        ratio: ``{task: share}``, relative to each other; every task that is learnt and labelled must be named.
        seed: Of the draw.

    Raises:
        ConfigError: A share is no positive number, or the ratio does not name the tasks.
    """

    def __init__(self, ratio: Mapping[str, float], seed: int = 0) -> None:
        if not ratio or not all(
            isinstance(fraction, int | float) and 0 < fraction < inf for fraction in ratio.values()
        ):
            raise ConfigError(f'LabelRatio.ratio must give every task a positive share, found {dict(ratio)}')
        self.ratio, self.seed = dict(ratio), seed

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        if set(self.ratio) != set(tasks):
            raise ConfigError(
                f'LabelRatio.ratio names {", ".join(self.ratio)}, but the labelled tasks are '
                f'{", ".join(tasks)}; give each of them a share'
            )
        return one_each(records, tasks, self.ratio, self.seed)


@DATASETS.register_module()
class RandomLabels:
    """Every record shows a random number of its labels: 1 to one less than it has, each number as likely as the other.

    Which ones is drawn evenly too. This is the "random" setting of MTPSL, whose published draws have these frequencies;
    a record with a single label shows it.

    Args:
        seed: Of the draw.
        most: Show at most so many; 1 less than the record has by default.

    Raises:
        ConfigError: ``most`` is no whole number of 1 or more.
    """

    def __init__(self, seed: int = 0, most: int | None = None) -> None:
        if most is not None and not (isinstance(most, int) and most >= 1):
            raise ConfigError(f'RandomLabels.most must be a whole number of 1 or more, found {most!r}')
        self.seed, self.most = seed, most

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        rng = np.random.default_rng(self.seed)
        shown = []
        for record in records:
            known = [task for task in tasks if task in record.label_names()]
            most = min(len(known), self.most or max(len(known) - 1, 1))
            count = int(rng.integers(1, most + 1)) if known else 0
            drawn = set(rng.permutation(known)[:count].tolist())
            shown.append(tuple(task for task in known if task in drawn))
        return shown


def one_each(
    records: Sequence[Record], tasks: Sequence[str], fractions: Mapping[str, float], seed: int
) -> list[tuple[str, ...]]:
    """One label for each record that has any: of the task that is furthest behind its share."""
    rng = np.random.default_rng(seed)
    counts = dict.fromkeys(tasks, 0)
    shown: list[tuple[str, ...]] = [()] * len(records)
    for place in rng.permutation(len(records)):
        known = [task for task in tasks if task in records[place].label_names()]
        if known:  # Webster's rule of dealing out seats; ties fall by chance
            task = min(rng.permutation(known).tolist(), key=lambda name: (counts[name] + 0.5) / fractions[name])
            counts[task] += 1
            shown[place] = (task,)
    return shown
