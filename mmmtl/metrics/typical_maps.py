"""The prediction that knows nothing of the image: per pixel the mean, or the most frequent class, of a training set."""

from collections.abc import Iterable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


def typical_maps(samples: Iterable[MultiTaskDataSample], tasks: Mapping[str, Task]) -> dict[str, Tensor]:
    """The row that every table should hold: what a network must beat to have looked at the image.

    Sums over the training set are read as logits: of one-hot classes, or of values divided by how often they are known.

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
            known = task.valid(target)  # (1, H, W)
            values = target if task.dtype.is_floating_point else one_hot(target[:, 0], known, task.channels)
            sums[name] = sums.get(name, 0) + values * known[:, None]
            counts[name] = counts.get(name, 0) + known
    return {name: tasks[name].predict(total.float() / counts[name].clamp(min=1)[:, None])[0]
            for name, total in sums.items()}


def one_hot(target: Tensor, known: Tensor, classes: int) -> Tensor:
    """(1, H, W) -> (1, K, H, W)."""
    return F.one_hot(torch.where(known, target, 0), classes).permute(0, 3, 1, 2)
