"""Which ordered pairs of tasks are compared on which images: lists on the host, read from which labels are shown."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mmmtl.models.supervision_role import indices_for
from mmmtl.structures import MultiTaskDataSample


class TaskPair(NamedTuple):
    """On one image of the batch: the prediction of ``from_task`` is compared with the label of ``to_task``."""

    image: int
    from_task: str
    to_task: str


def task_pairs(samples: Sequence[MultiTaskDataSample], tasks: Sequence[str], from_tasks: str) -> list[TaskPair]:
    """All pairs of the images that serve consistency; the label of ``to_task`` is shown.

    Args:
        samples: N views.
        tasks: Names.
        from_tasks: ``'unlabelled'``: tasks without a label on the image (MTPSL's eq. 3); ``'labelled'``: other tasks
            with a label on it; ``'all'``: both.
    """
    pairs = []
    for image in indices_for('consistency', samples):
        shown = [name for name in tasks if name in samples[image].gt]
        wanted = {'unlabelled': [name for name in tasks if name not in shown], 'labelled': shown, 'all': tasks}[
            from_tasks
        ]
        pairs += [
            TaskPair(image, from_task, to_task) for from_task in wanted for to_task in shown if from_task != to_task
        ]
    return pairs


def index(indices: Sequence[int], device: torch.device) -> Tensor:
    """int64 on the device, without waiting for it."""
    return torch.tensor(indices, dtype=torch.long).to(device, non_blocking=True)
