"""Check that an evaluation counts every sample once, for any number of ranks."""

from collections.abc import Sized
from typing import Any, cast

import torch
from mmengine.dist import all_reduce
from torch.utils.data import DataLoader

from mmmtl.errors import ConfigError


def check_sampled_once(loader: DataLoader, name: str) -> None:
    """Check that a loader yields every sample once over all ranks. Must be called on every rank.

    Args:
        loader: Loader of an evaluated split.
        name: Its key in the config, for messages.

    Raises:
        ConfigError: The sampler repeats samples, as some do to give all ranks equally many, or skips some; or the
            last batch is dropped if it is not full.
    """
    if loader.drop_last:
        raise ConfigError(f'{name}.drop_last: drops samples, so scores would depend on the batch size; remove it')
    sampler: Any = loader.sampler if loader.batch_sampler is None else cast(Any, loader.batch_sampler).sampler
    size = len(cast(Sized, loader.dataset))
    drawn = torch.tensor(len(sampler))
    all_reduce(drawn)
    if drawn != size:
        raise ConfigError(
            f'{name}.sampler: {type(sampler).__name__} draws {drawn} samples of {size} '
            'over all processes, so some would count twice or not at all; remove the sampler, or use '
            'EvenlySplitSampler'
        )
