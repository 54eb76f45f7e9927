"""Delta_MTL: the mean relative gain of a multi-task network over single-task networks."""

from collections.abc import Mapping

from mmmtl.errors import ConfigError
from mmmtl.tasks import Task


def delta_mtl(scores: Mapping[str, float], single_task: Mapping[str, float], metrics: Mapping[str, bool]) -> float:
    """Compute Delta_MTL in percent: 100 / T * sum over tasks of (M - S) / S, negated where lower is better.

    Maninis, Radosavovic and Kokkinos, Attentive single-tasking of multiple tasks, CVPR 2019. The mean over the tasks of
    `relative_gains`.

    Args:
        scores: M, scores of the multi-task network, ``{'depth/rmse': 0.5, ...}``; others than ``metrics`` are ignored.
        single_task: S, the scores of the single-task networks.
        metrics: One metric per task, and whether higher is better: `primary_metrics`, or the choice of a protocol, e.g.
            ``{'semseg/mIoU': True, 'depth/rmse': False}``.
    """
    gains = relative_gains(scores, single_task, metrics)
    return sum(gains.values()) / len(gains)


def relative_gains(
    scores: Mapping[str, float], single_task: Mapping[str, float], metrics: Mapping[str, bool]
) -> dict[str, float]:
    """Compute the relative gain of each metric in percent, positive where ``scores`` are better.

    Raises:
        ConfigError: ``metrics`` is empty, a score is missing, or a single-task score is 0.
    """
    if not metrics:
        raise ConfigError('Delta_MTL: name at least one metric, e.g. {"semseg/mIoU": True}')
    for side, given in (('scores', scores), ('single-task scores', single_task)):
        missing = [name for name in metrics if name not in given]
        if missing:
            raise ConfigError(
                f'Delta_MTL: the {side} lack {", ".join(missing)}; they have {", ".join(given) or "none"}'
            )
    gains = {}
    for name, higher_is_better in metrics.items():
        if single_task[name] == 0:
            raise ConfigError(f'Delta_MTL: the single-task score {name} is 0, so a relative gain is undefined')
        gain = 100 * (scores[name] - single_task[name]) / single_task[name]
        gains[name] = gain if higher_is_better else -gain
    return gains


def primary_metrics(tasks: Mapping[str, Task]) -> dict[str, bool]:
    """Return ``{task/metric: higher_is_better}`` of the primary metrics of tasks."""
    return {f'{name}/{task.primary_metric}': task.higher_is_better for name, task in tasks.items()}
