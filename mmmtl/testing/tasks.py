"""The contract of a task, tried on labels that its author makes."""

from collections.abc import Collection

from mmmtl.tasks import Task
from mmmtl.testing import task_capabilities, task_labels, task_loss, task_metrics
from mmmtl.testing.contract import MakeLabel, properties_by_name, try_properties
from mmmtl.testing.task_trial import TaskTrial

TASK_PROPERTIES = properties_by_name(
    *task_labels.PROPERTIES, *task_loss.PROPERTIES, *task_metrics.PROPERTIES, *task_capabilities.PROPERTIES
)


def check_task(
    task: Task,
    make_label: MakeLabel,
    *,
    images: int = 3,
    size: tuple[int, int] = (5, 7),
    properties: Collection[str] | None = None,
) -> None:
    """Try everything that `mmmtl.tasks.Task` demands.

    Args:
        task: A built one.
        make_label: ``(images, (H, W))`` -> random labels (N, target_channels, H, W), all of them known, in the task's
            ``dtype``. Their values should be of the order of 1, and vary: of fractions take 0 and 1.
        images: In a batch.
        size: (H, W).
        properties: Names out of ``TASK_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the task, the property that it breaks, and what was found.
    """
    try_properties(TASK_PROPERTIES, properties, task, lambda: TaskTrial.of(task, make_label, images, size))
