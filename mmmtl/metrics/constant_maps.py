"""The constant baseline: per pixel the mean, or the most frequent class, of a training set."""

from collections.abc import Iterable, Mapping

from torch import Tensor

from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


def constant_maps(
    samples: Iterable[MultiTaskDataSample], tasks: Mapping[str, Task]
) -> dict[tuple[int, int], dict[str, Tensor]]:
    """Compute the best constant predictions, which ignore the image; a network should beat their scores.

    Each pixel is the mean of `Task.to_values` (one-hot for classes) over the images that are valid there, separately
    for each image size.

    Args:
        samples: Samples from the pipeline; none is kept.
        tasks: ``{name: task}``.

    Returns:
        ``{(H, W): {task: prediction (C, H, W)}}``; a task without a label at a size is absent.
    """
    sums: dict[tuple[int, int], dict[str, Tensor]] = {}
    counts: dict[tuple[int, int], dict[str, Tensor]] = {}
    for sample in samples:
        for name in set(tasks) & set(sample.gt.keys()):
            target = sample.gt.get(name)[None]
            size = (target.shape[2], target.shape[3])
            total, count = sums.setdefault(size, {}), counts.setdefault(size, {})
            total[name] = total.get(name, 0) + tasks[name].to_values(target)
            count[name] = count.get(name, 0) + tasks[name].valid(target)  # (1, H, W)
    return {
        size: {name: constant_map(tasks[name], total[name], counts[size][name]) for name in tasks if name in total}
        for size, total in sums.items()
    }


def constant_map(task: Task, total: Tensor, count: Tensor) -> Tensor:
    """Convert summed values (1, *, H, W) and their counts (1, H, W) to a prediction (C, H, W)."""
    return task.predict(task.to_logits(total.float() / count.clamp(min=1)[:, None]))[0]
