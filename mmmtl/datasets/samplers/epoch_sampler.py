"""The order of training samples: a pure function of (seed, pass), so that a run can be resumed anywhere."""

from collections.abc import Iterator

import numpy as np
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmmtl.datasets.sample_key import SampleKey
from mmmtl.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class EpochSampler(Sampler[SampleKey]):
    """Training: every rank takes every world-size-th place of the pass's permutation.

    So the batches of all ranks together hold the very samples of one process with the whole batch. Where the ranks do
    not divide the data set, an epoch is filled up from its own beginning; an endless sampler goes on with the next
    pass, so that a place in the run means the same for any number of ranks.

    Args:
        dataset: What is sampled.
        seed: Of the run.
        endless: Go on with the next pass for ever (iteration loops) or stop after one (epoch loops).
    """

    def __init__(self, dataset, seed: int | None = None, endless: bool = False) -> None:
        self.size = len(dataset)
        self.seed = seed or 0
        self.endless = endless
        self.rank, self.world_size = get_dist_info()
        self.per_rank = -(-self.size // self.world_size)
        self.length = self.size if endless else self.per_rank * self.world_size  # of a pass, over all ranks
        self.epoch = self.place = 0  # the first place of all ranks that is still to come

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of a pass."""
        self.epoch, self.place = epoch, 0

    def skip(self, num_samples: int) -> None:
        """Go to where this rank has taken ``num_samples`` samples since the run began (MMEngine calls it on resume)."""
        self.epoch, self.place = divmod(num_samples * self.world_size, self.length)

    def __iter__(self) -> Iterator[SampleKey]:
        epoch, place = self.epoch, self.place + self.rank
        while True:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.size)
            for index in np.resize(order, self.length)[place :: self.world_size]:
                yield SampleKey(self.seed, epoch, int(index))
            if not self.endless:
                return
            place += -(-max(self.length - place, 0) // self.world_size) * self.world_size - self.length
            epoch += 1

    def __len__(self) -> int:
        return self.per_rank
