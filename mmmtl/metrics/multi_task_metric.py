"""One metric for all tasks: each task measures and scores itself."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mmmtl.registry import METRICS
from mmmtl.tasks import Task, build_tasks

Sums = dict[str, dict[str, Tensor]]  # {task: {name of the sum: value}}


@METRICS.register_module()
class MultiTaskMetric(BaseMetric):
    """Adds up what the tasks measure over a split, then lets them score it.

    Only sums are kept and exchanged between processes, never maps; an image is counted once, however the processes
    share the split, as long as the sampler repeats none (`EvenlySplitSampler`).

    Args:
        tasks: ``{name: config}``.
        prefix: Put before the name of every number, e.g. ``'unseen'``: ``unseen/depth/abs_rel``.
    """

    default_prefix = ''  # scores are named TASK/MEASURE already

    def __init__(self, tasks: Mapping[str, dict | Task], prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        self.tasks = build_tasks(tasks)
        self.results: list[Sums] = [{}]  # one entry: the sums of all images so far

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Take in samples (as dicts, the form in which MMEngine's evaluator hands them on)."""
        for sample in data_samples:
            gt, pred = sample['gt'], sample['pred']
            for name, task in self.tasks.items():
                if name in gt:
                    self.add(name, task.metric_sums(pred[name][None], gt[name][None].to(pred[name].device)))

    def add(self, name: str, sums: Mapping[str, Tensor]) -> None:
        """Add one image's sums to those of the split."""
        add_up(self.results[0].setdefault(name, {}), sums)

    def evaluate(self, size: int) -> dict[str, float]:
        """Scores of the split as ``{task}/{measure}``, the same on every process; a task without labels is left out."""
        sums = {name: self.results[0].get(name) or self.no_sums(task) for name, task in self.tasks.items()}
        if get_world_size() > 1:
            for value in (value for held in sums.values() for value in held.values()):
                all_reduce(value)
        scores = self.compute_metrics([sums])
        self.results = [{}]
        return {f'{self.prefix}/{key}': value for key, value in scores.items()} if self.prefix else scores

    @staticmethod
    def no_sums(task: Task) -> dict[str, Tensor]:
        """The sums of an image in which nothing is labelled: what a process without any label of the task brings."""
        shape = 1, task.target_channels, 1, 1
        return task.metric_sums(torch.zeros(shape, dtype=task.dtype), torch.full(shape, task.void, dtype=task.dtype))

    def compute_metrics(self, results: Sequence[Sums]) -> dict[str, float]:
        """Scores of the sums that `results` of one or several metrics hold, without the prefix."""
        total: Sums = {}
        for name, held in ((name, held) for result in results for name, held in result.items()):
            add_up(total.setdefault(name, {}), held)
        return {
            f'{name}/{key}': score
            for name, task in self.tasks.items()
            if any(value.any() for value in total.get(name, {}).values())
            for key, score in task.compute_metrics(total[name]).items()
        }


def add_up(total: dict[str, Tensor], sums: Mapping[str, Tensor]) -> None:
    """Add sums to others of their names, in place."""
    for key, value in sums.items():
        total[key] = total[key] + value if key in total else value
