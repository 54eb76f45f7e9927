"""Which sample comes when: a pure function of (seed, pass), so that a run can be taken up anywhere."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmmtl.registry import DATA_SAMPLERS


class SampleKey(NamedTuple):
    """Names one draw of one sample; all randomness of the sample's pipeline comes from it."""

    seed: int
    run_pass: int  # how many times the data set has been gone through before
    index: int


@DATA_SAMPLERS.register_module()
class PassSampler(Sampler[SampleKey]):
    """Training: every rank takes every world-size-th place of the pass's permutation.

    So the batches of all ranks together hold the very samples of one process with the whole batch. Where the ranks do
    not divide the data set, the pass is filled up from its own beginning.

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
        self.run_pass = 0
        self.place = 0  # the first of this pass that is still to come

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of a pass."""
        self.run_pass, self.place = epoch, 0

    def skip(self, num_samples: int) -> None:
        """Go to where this rank has taken ``num_samples`` samples since the run began (MMEngine calls it on resume)."""
        self.run_pass, self.place = divmod(num_samples, self.per_rank)

    def _pass(self, run_pass: int) -> Iterator[SampleKey]:
        order = np.random.default_rng([self.seed, run_pass]).permutation(self.size)
        order = np.resize(order, self.per_rank * self.world_size)[self.rank::self.world_size]
        return (SampleKey(self.seed, run_pass, int(index)) for index in order)

    def __iter__(self) -> Iterator[SampleKey]:
        run_pass, first = self.run_pass, self.place
        while True:
            for place, key in enumerate(self._pass(run_pass)):
                if place >= first:
                    yield key
            if not self.endless:
                return
            run_pass, first = run_pass + 1, 0

    def __len__(self) -> int:
        return self.per_rank


@DATA_SAMPLERS.register_module()
class EvenlySplitSampler(Sampler[SampleKey]):
    """Evaluation: the samples in order, each exactly once over all ranks (none is repeated to make the ranks even)."""

    def __init__(self, dataset, seed: int | None = None) -> None:
        rank, world_size = get_dist_info()
        self.indices = range(rank, len(dataset), world_size)

    def __iter__(self) -> Iterator[SampleKey]:
        return (SampleKey(0, 0, index) for index in self.indices)

    def __len__(self) -> int:
        return len(self.indices)
