"""Delta_MTL: by how many per cent one network for all tasks is better than one network per task."""

from collections.abc import Mapping

from mmmtl.errors import ConfigError
from mmmtl.tasks import Task


def delta_mtl(scores: Mapping[str, float], single_task: Mapping[str, float], metrics: Mapping[str, bool]) -> float:
    """100 / T * sum over tasks of (M - S) / S, its sign turned where lower is better; in per cent.

    Maninis, Radosavovic and Kokkinos, Attentive single-tasking of multiple tasks, CVPR 2019. The mean over the tasks of
    `relative_gains`.

    Args:
        scores: M, ``{'depth/rmse': 0.5, ...}``, what a metric returns; more than is compared may be in it.
        single_task: S, of networks for one task each.
        metrics: What is compared, one metric per task, and whether higher is better; `primary_metrics` or a
            protocol's own choice, e.g. ``{'semseg/mIoU': True, 'depth/rmse': False}``.
    """
    gains = relative_gains(scores, single_task, metrics)
    return sum(gains.values()) / len(gains)


def relative_gains(
    scores: Mapping[str, float], single_task: Mapping[str, float], metrics: Mapping[str, bool]
) -> dict[str, float]:
    """Per measure, in per cent and positive where the scores are better.

    Raises:
        ConfigError: No measure is named, a measure is missing on one side, or a single-task score is 0.
    """
    if not metrics:
        raise ConfigError('Delta_MTL: name at least one measure, e.g. {"semseg/mIoU": True}')
    for side, given in (('scores', scores), ('single-task scores', single_task)):
        missing = [name for name in metrics if name not in given]
        if missing:
            raise ConfigError(
                f'Delta_MTL: the {side} lack {", ".join(missing)}; they hold {", ".join(given) or "nothing"}'
            )
    gains = {}
    for name, higher_is_better in metrics.items():
        if single_task[name] == 0:
            raise ConfigError(f'Delta_MTL: the single-task score {name} is 0, a gain relative to it means nothing')
        gain = 100 * (scores[name] - single_task[name]) / single_task[name]
        gains[name] = gain if higher_is_better else -gain
    return gains


def primary_metrics(tasks: Mapping[str, Task]) -> dict[str, bool]:
    """The measure that stands for each task, and whether higher is better."""
    return {f'{name}/{task.primary_metric}': task.higher_is_better for name, task in tasks.items()}
