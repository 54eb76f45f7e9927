"""Select the ordered pairs of tasks that are compared on each image, from the labels that the samples hold."""

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

    @property
    def tasks(self) -> tuple[str, str]:
        """The ordered pair without the image, ``(from_task, to_task)``."""
        return self.from_task, self.to_task


def task_pairs(samples: Sequence[MultiTaskDataSample], tasks: Sequence[str], from_tasks: str) -> list[TaskPair]:
    """Return the pairs of all images with the role ``'consistency'``; ``to_task`` is a task with a label on the image.

    Args:
        samples: N views.
        tasks: Task names.
        from_tasks: ``'unlabelled'``: tasks without a label on the image (MTPSL's eq. 3); ``'labelled'``: other tasks
            with a label on it; ``'all'``: both.
    """
    pairs: list[TaskPair] = []
    for image in indices_for('consistency', samples):
        labelled = [name for name in tasks if name in samples[image].gt]
        unlabelled = [name for name in tasks if name not in labelled]
        candidates = {'unlabelled': unlabelled, 'labelled': labelled, 'all': tasks}[from_tasks]
        pairs += [TaskPair(image, one, other) for one in candidates for other in labelled if one != other]
    return pairs


def index_tensor(indices: Sequence[int], device: torch.device) -> Tensor:
    """Return the indices as int64 on the device, without a host-device synchronization."""
    return torch.tensor(indices, dtype=torch.long).to(device, non_blocking=True)
