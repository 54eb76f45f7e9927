"""Roles of the images of a batch: training by labels, by consistency losses, or by both, the default."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mmmtl.structures import MultiTaskDataSample

ROLES = ('supervised', 'consistency')


def indices_for(role: str, samples: Sequence[MultiTaskDataSample]) -> list[int]:
    """Return the indices of the samples with a role.

    A sample without ``supervision_role`` has both.

    Args:
        role: ``'supervised'`` (task losses) or ``'consistency'``.
        samples: Samples of the batch.
    """
    return [index for index, sample in enumerate(samples) if sample.get('supervision_role', role) == role]


def select_images(maps: Mapping[str, Tensor], indices: Sequence[int]) -> dict[str, Tensor]:
    """Select images of ``{name: (N, ...)}`` by index, as views of the tensors where the indices are consecutive."""
    count = len(next(iter(maps.values())))
    if len(indices) == count:
        return dict(maps)
    if indices and list(indices) == list(range(indices[0], indices[-1] + 1)):
        return {name: values[indices[0] : indices[-1] + 1] for name, values in maps.items()}
    index = torch.as_tensor(indices, dtype=torch.long)
    return {name: values[index.to(values.device, non_blocking=True)] for name, values in maps.items()}
