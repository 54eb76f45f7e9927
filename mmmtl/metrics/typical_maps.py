"""The prediction that knows nothing of the image: per pixel the mean, or the most frequent class, of a training set."""

from collections.abc import Iterable, Mapping

from torch import Tensor

from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


def typical_maps(samples: Iterable[MultiTaskDataSample], tasks: Mapping[str, Task]) -> dict[str, Tensor]:
    """The row that every table should hold: what a network must beat to have looked at the image.

    What is averaged are the values of a task, or one-hot classes, over the images in which a pixel is known.

    Args:
        samples: Of one size (H, W), as they leave the pipeline.
        tasks: ``{name: task}``.

    Returns:
        ``{task: (C, H, W)}``, final maps; a task without any label is left out.
    """
    sums: dict[str, Tensor] = {}
    counts: dict[str, Tensor] = {}
    for sample in samples:
        for name, task in tasks.items():
            if name not in sample.gt:
                continue
            target = sample.gt.get(name)[None]
            sums[name] = sums.get(name, 0) + task.known_values(target)
            counts[name] = counts.get(name, 0) + task.valid(target)  # (1, H, W)
    means = {name: total.float() / counts[name].clamp(min=1)[:, None] for name, total in sums.items()}
    return {name: tasks[name].predict(tasks[name].logits_of(mean))[0] for name, mean in means.items()}
