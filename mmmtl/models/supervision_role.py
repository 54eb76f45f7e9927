"""Which images of a batch learn from their labels, and which from consistency: both, unless a sample says otherwise."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mmmtl.structures import MultiTaskDataSample

PURPOSES = ('tasks', 'consistency')


def places_for(purpose: str, samples: Sequence[MultiTaskDataSample]) -> list[int]:
    """Indices of the samples that serve ``purpose``: all whose metainfo ``purpose`` does not name the other one."""
    return [place for place, sample in enumerate(samples) if sample.get('purpose', purpose) == purpose]


def at_places(maps: Mapping[str, Tensor], places: Sequence[int]) -> dict[str, Tensor]:
    """``{name: (N, ...)}`` at some of the N places; the very same tensors where all are wanted."""
    count = len(next(iter(maps.values())))
    if len(places) == count:
        return dict(maps)
    if places and list(places) == list(range(places[0], places[-1] + 1)):
        return {name: values[places[0] : places[-1] + 1] for name, values in maps.items()}
    index = torch.as_tensor(places, dtype=torch.long)
    return {name: values[index.to(values.device, non_blocking=True)] for name, values in maps.items()}
