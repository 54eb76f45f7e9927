"""The contract of a task, checked on labels that the caller provides."""

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
    """Check that a task follows the contract of `mmmtl.tasks.Task`.

    Args:
        task: A built task.
        make_label: Called with ``(images, (H, W))``; returns random labels (images, target_channels, H, W) in the
            task's ``dtype`` without void pixels. Values should vary and be of the order of 1; fractions should be 0 or
            1.
        images: Batch size.
        size: (H, W) of the labels.
        properties: Names from ``TASK_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the task, the property that it violates, and what was found.
    """
    try_properties(TASK_PROPERTIES, properties, task, lambda: TaskTrial.of(task, make_label, images, size))
