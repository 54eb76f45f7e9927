"""Which ordered pairs of tasks are compared on which images: lists on the host, read from which labels are shown."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mmmtl.models.supervision_role import indices_for
from mmmtl.structures import MultiTaskDataSample


class TaskPair(NamedTuple):
    """On one image of the batch: the prediction of ``source`` meets the label of ``target``."""

    image: int
    source: str
    target: str


def task_pairs(samples: Sequence[MultiTaskDataSample], tasks: Sequence[str], sources: str) -> list[TaskPair]:
    """All pairs of the images that serve consistency; the target's label is shown.

    Args:
        samples: N views.
        tasks: Names.
        sources: ``'unlabelled'``: tasks that the image shows no label of (MTPSL's eq. 3); ``'labelled'``: other tasks
            that it shows a label of; ``'all'``: both.
    """
    pairs = []
    for image in indices_for('consistency', samples):
        shown = [name for name in tasks if name in samples[image].gt]
        wanted = {'unlabelled': [name for name in tasks if name not in shown], 'labelled': shown, 'all': tasks}[sources]
        pairs += [TaskPair(image, source, target) for source in wanted for target in shown if source != target]
    return pairs


def index(indices: Sequence[int], device: torch.device) -> Tensor:
    """int64 on the device, without waiting for it."""
    return torch.tensor(indices, dtype=torch.long).to(device, non_blocking=True)
