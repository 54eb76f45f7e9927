"""Which labels an image shows: data, not code, and a pure function of the record's place in the split."""

from collections.abc import Sequence

import numpy as np

from mmmtl.datasets.records import Record
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class AllLabels:
    """Every label that exists is shown."""

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        return [tuple(task for task in tasks if task in record.label_names()) for record in records]


@DATASETS.register_module()
class OneLabel:
    """Every record shows one of its labels, drawn with ``seed``; the tasks get equal shares, to within one.

    This is the "one label" setting of MTPSL (Li, Liu, Bilen, CVPR 2022).
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def shown(self, records: Sequence[Record], tasks: Sequence[str]) -> list[tuple[str, ...]]:
        """For each record the tasks whose labels may be opened."""
        rng = np.random.default_rng(self.seed)
        counts = dict.fromkeys(tasks, 0)
        shown: list[tuple[str, ...]] = [()] * len(records)
        for place in rng.permutation(len(records)):
            known = [task for task in tasks if task in records[place].label_names()]
            if known:
                task = min(rng.permutation(known).tolist(), key=counts.get)  # ties fall by chance
                counts[task] += 1
                shown[place] = (task,)
        return shown
