"""Which images of a batch learn from their labels, and which from consistency: both, unless a sample says otherwise."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mmmtl.structures import MultiTaskDataSample

ROLES = ('supervised', 'consistency')


def indices_for(role: str, samples: Sequence[MultiTaskDataSample]) -> list[int]:
    """Indices of the samples with a role: all whose ``supervision_role`` does not name the other one."""
    return [place for place, sample in enumerate(samples) if sample.get('supervision_role', role) == role]


def select_images(maps: Mapping[str, Tensor], indices: Sequence[int]) -> dict[str, Tensor]:
    """``{name: (N, ...)}`` at some of the N indices; the very same tensors where all are wanted."""
    count = len(next(iter(maps.values())))
    if len(indices) == count:
        return dict(maps)
    if indices and list(indices) == list(range(indices[0], indices[-1] + 1)):
        return {name: values[indices[0] : indices[-1] + 1] for name, values in maps.items()}
    index = torch.as_tensor(indices, dtype=torch.long)
    return {name: values[index.to(values.device, non_blocking=True)] for name, values in maps.items()}
