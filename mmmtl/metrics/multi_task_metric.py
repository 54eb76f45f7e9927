"""One metric for all tasks: each task measures and scores itself."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mmmtl.registry import METRICS
from mmmtl.tasks import Task, build_tasks


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
        self.sums: dict[str, dict[str, Tensor]] = {}

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Take in samples (as dicts, the form in which MMEngine's evaluator hands them on)."""
        for sample in data_samples:
            gt, pred = sample['gt'], sample['pred']
            for name, task in self.tasks.items():
                if name in gt:
                    self.add(name, task.measure(pred[name][None], gt[name][None].to(pred[name].device)))

    def add(self, name: str, sums: Mapping[str, Tensor]) -> None:
        """Add one image's sums to those of the split."""
        held = self.sums.setdefault(name, {})
        for key, value in sums.items():
            held[key] = held[key] + value if key in held else value

    def evaluate(self, size: int) -> dict[str, float]:
        """Scores of the split as ``{task}/{measure}``, the same on every process; a task without labels is left out."""
        scores = {}
        for name, task in self.tasks.items():
            sums = self.sums.get(name) or self.no_sums(task)
            if get_world_size() > 1:
                for value in sums.values():
                    all_reduce(value)
            if any(value.any() for value in sums.values()):
                scores |= {f'{name}/{key}': value for key, value in task.score(sums).items()}
        self.sums = {}
        return {f'{self.prefix}/{key}': value for key, value in scores.items()} if self.prefix else scores

    @staticmethod
    def no_sums(task: Task) -> dict[str, Tensor]:
        """The sums of an image in which nothing is labelled: what a process without any label of the task brings."""
        shape = 1, task.target_channels, 1, 1
        return task.measure(torch.zeros(shape, dtype=task.dtype), torch.full(shape, task.void, dtype=task.dtype))

    def compute_metrics(self, results: list) -> dict:
        """Not used: `evaluate` scores sums."""
        raise NotImplementedError
