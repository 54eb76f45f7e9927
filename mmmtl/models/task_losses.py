"""Losses of the tasks, of final and of intermediate predictions, over the images with the role 'supervised'."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from mmmtl.models.decode_heads.decode_head import IntermediateStage
from mmmtl.models.loss_reduction import reduce_losses
from mmmtl.models.supervision_role import indices_for, select_images
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


def task_losses(
    tasks: Mapping[str, Task],
    logits: Mapping[str, Tensor],
    targets: Mapping[str, Tensor],
    data_samples: Sequence[MultiTaskDataSample],
    reduction: str,
) -> tuple[list[Tensor], Tensor]:
    """Compute the losses of T tasks.

    Args:
        tasks: T tasks, by name.
        logits: ``{task: (N, channels, H, W)}``.
        targets: ``{task: (N, target_channels, H, W)}``, of these tasks and maybe others.
        data_samples: N samples.
        reduction: See `reduce_losses`.

    Returns:
        T scalar losses, and bool (T,), whether any image of any process has a label.
    """
    indices = indices_for('supervised', data_samples)
    logits, targets = select_images(logits, indices), select_images(targets, indices)
    errors = [task.error(logits[name], targets[name]) for name, task in tasks.items()]
    sums, counts = zip(*errors, strict=True)
    return reduce_losses(sums, counts, reduction)


def intermediate_losses(
    stages: Mapping[str, IntermediateStage],
    intermediate: Mapping[str, Mapping[str, Tensor]],
    targets: Mapping[str, Tensor],
    data_samples: Sequence[MultiTaskDataSample],
    reduction: str,
) -> dict[str, dict[str, Tensor]]:
    """Compute the losses of intermediate predictions, before their weights.

    Args:
        stages: The stages of the decode head, by name.
        intermediate: ``{stage: {task: logits (N, channels, H, W)}}``, of all or some of them.
        targets: ``{task: (N, target_channels, H, W)}``.
        data_samples: N samples.
        reduction: See `reduce_losses`.

    Returns:
        ``{stage: {task: scalar}}``.
    """
    losses = {}
    for name, logits in intermediate.items():
        tasks = stages[name].tasks
        values, _ = task_losses(tasks, logits, targets, data_samples, reduction)
        losses[name] = dict(zip(tasks, values, strict=True))
    return losses
