"""The prediction that knows nothing of the image: per pixel the mean, or the most frequent class, of a training set."""

from collections.abc import Iterable, Mapping

from torch import Tensor

from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


def constant_maps(
    samples: Iterable[MultiTaskDataSample], tasks: Mapping[str, Task]
) -> dict[tuple[int, int], dict[str, Tensor]]:
    """The row that every table should hold: what a network must beat to have looked at the image.

    What is averaged are the values of a task, or one-hot classes, over the images in which a pixel is known; images of
    different sizes are kept apart.

    Args:
        samples: As they leave the pipeline; taken one by one, none is kept.
        tasks: ``{name: task}``.

    Returns:
        ``{(H, W): {task: (C, H, W)}}``, final maps; a task without any label in images of a size is left out.
    """
    sums: dict[tuple[int, int], dict[str, Tensor]] = {}
    counts: dict[tuple[int, int], dict[str, Tensor]] = {}
    for sample in samples:
        for name in set(tasks) & set(sample.gt.keys()):
            target = sample.gt.get(name)[None]
            total, count = (found.setdefault(tuple(target.shape[2:]), {}) for found in (sums, counts))
            total[name] = total.get(name, 0) + tasks[name].to_values(target)
            count[name] = count.get(name, 0) + tasks[name].valid(target)  # (1, H, W)
    return {
        size: {name: constant_map(tasks[name], total[name], counts[size][name]) for name in tasks if name in total}
        for size, total in sums.items()
    }


def constant_map(task: Task, total: Tensor, count: Tensor) -> Tensor:
    """Summed values (1, *, H, W) and how many they are (1, H, W) -> a final map (C, H, W)."""
    return task.predict(task.to_logits(total.float() / count.clamp(min=1)[:, None]))[0]
