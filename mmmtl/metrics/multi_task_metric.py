"""A metric that evaluates all tasks."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import METRICS
from mmmtl.tasks import Task, build_tasks

Sums = dict[str, dict[str, Tensor]]  # {task: {name of the sum: value}}


@METRICS.register_module()
class MultiTaskMetric(BaseMetric):
    """Evaluate all tasks of a split by `Task.metric_sums` and `Task.compute_metrics`.

    Scores are named ``{task}/{metric}``. Only sums are kept and exchanged between processes. Each image counts once, on
    any number of processes, if the sampler repeats none (`EvenlySplitSampler`).

    Args:
        tasks: ``{name: config}``.
        prefix: Prefix of the scores, e.g. ``'unseen'`` for ``unseen/depth/abs_rel``.
        unscored: Names of tasks without scores, such as the auxiliary tasks of a `DistillingHead`.

    Raises:
        ConfigError: ``unscored`` names an unknown task.
    """

    default_prefix = ''  # scores are named TASK/METRIC

    def __init__(
        self, tasks: Mapping[str, dict | Task], prefix: str | None = None, unscored: Sequence[str] = ()
    ) -> None:
        super().__init__(prefix=prefix)
        if unknown := sorted(set(unscored) - set(tasks)):
            raise ConfigError(
                f'MultiTaskMetric.unscored: unknown tasks {", ".join(unknown)}; the tasks are {", ".join(tasks)}'
            )
        self.tasks = build_tasks({name: task for name, task in tasks.items() if name not in unscored})
        self.results: list[Sums] = [{}]  # one entry: the sums of all images so far

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Add samples, as the dicts that MMEngine's evaluator passes."""
        for sample in data_samples:
            gt, pred = sample['gt'], sample['pred']
            for name, task in self.tasks.items():
                if name in gt:
                    self.add(name, task.metric_sums(pred[name][None], gt[name][None].to(pred[name].device)))

    def add(self, name: str, sums: Mapping[str, Tensor]) -> None:
        """Add the sums of one image."""
        add_up(self.results[0].setdefault(name, {}), sums)

    def evaluate(self, size: int) -> dict[str, float]:
        """Return the scores of the split, equal on all processes; tasks without labels are omitted."""
        sums = {name: self.results[0].get(name) or self.zero_sums(task) for name, task in self.tasks.items()}
        if get_world_size() > 1:
            for value in (value for task_sums in sums.values() for value in task_sums.values()):
                all_reduce(value)
        scores = self.compute_metrics([sums])
        self.results = [{}]
        return {f'{self.prefix}/{key}': value for key, value in scores.items()} if self.prefix else scores

    @staticmethod
    def zero_sums(task: Task) -> dict[str, Tensor]:
        """Return the sums of an image that is void everywhere, for a process without a label of the task."""
        shape = 1, task.target_channels, 1, 1
        return task.metric_sums(torch.zeros(shape, dtype=task.dtype), torch.full(shape, task.void, dtype=task.dtype))

    def compute_metrics(self, results: Sequence[Sums]) -> dict[str, float]:
        """Compute scores, without the prefix, from the ``results`` of one or several metrics."""
        total: Sums = {}
        for name, task_sums in ((name, task_sums) for result in results for name, task_sums in result.items()):
            add_up(total.setdefault(name, {}), task_sums)
        return {
            f'{name}/{key}': score
            for name, task in self.tasks.items()
            if any(value.any() for value in total.get(name, {}).values())
            for key, score in task.compute_metrics(total[name]).items()
        }


def add_up(total: dict[str, Tensor], sums: Mapping[str, Tensor]) -> None:
    """Add sums to ``total`` by key, in place."""
    for key, value in sums.items():
        total[key] = total[key] + value if key in total else value
