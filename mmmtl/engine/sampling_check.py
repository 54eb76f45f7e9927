"""Scores of a split count every sample of it once, however many processes there are."""

import torch
from mmengine.dist import all_reduce
from torch.utils.data import DataLoader

from mmmtl.errors import ConfigError


def check_sampled_once(loader: DataLoader, name: str) -> None:
    """Every process calls it.

    Args:
        loader: Of a split that is evaluated.
        name: Of its entry in the config.

    Raises:
        ConfigError: All processes together draw more or fewer samples than there are, as samplers do that repeat some
            to make the processes even; or the last batch is dropped where it is not full.
    """
    if loader.drop_last:
        raise ConfigError(f'{name}.drop_last leaves out samples, so scores would depend on the batch size; remove it')
    sampler = loader.batch_sampler.sampler if loader.batch_sampler is not None else loader.sampler
    drawn = torch.tensor(len(sampler))
    all_reduce(drawn)
    if drawn != len(loader.dataset):
        raise ConfigError(
            f'{name}.sampler: {type(sampler).__name__} draws {drawn} samples of {len(loader.dataset)} '
            'over all processes, so some would count twice or not at all; leave the sampler out, or take '
            'EvenlySplitSampler'
        )
