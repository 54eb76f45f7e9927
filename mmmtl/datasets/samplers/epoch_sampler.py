"""Training sampler whose order is a pure function of (seed, epoch), so that a run can resume at any sample."""

from collections.abc import Iterator

import numpy as np
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmmtl.datasets.sample_key import SampleKey
from mmmtl.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class EpochSampler(Sampler[SampleKey]):
    """Training sampler: rank r of w yields every w-th sample of a random permutation per epoch, starting at r.

    The batches of all ranks together hold the same samples as the batch of a single process with the whole batch size.
    If the size of the dataset is not divisible by the world size, an epoch is filled up with its own first samples. An
    endless sampler continues with the next epoch instead, so that a position in the run does not depend on the
    world size.

    Args:
        dataset: Dataset to sample.
        seed: Seed of the run.
        endless: Continue with the next epoch forever (iteration loops), or stop after one (epoch loops).
    """

    def __init__(self, dataset, seed: int | None = None, endless: bool = False) -> None:
        self.size = len(dataset)
        self.seed = seed or 0
        self.endless = endless
        self.rank, self.world_size = get_dist_info()
        self.per_rank = -(-self.size // self.world_size)
        self.length = self.size if endless else self.per_rank * self.world_size  # of an epoch, over all ranks
        self.epoch = self.position = 0  # the next position, over all ranks

    def set_epoch(self, epoch: int) -> None:
        """Move to the start of an epoch."""
        self.epoch, self.position = epoch, 0

    def skip(self, num_samples: int) -> None:
        """Skip the first ``num_samples`` samples of this rank; MMEngine calls it on resume."""
        self.epoch, self.position = divmod(num_samples * self.world_size, self.length)

    def __iter__(self) -> Iterator[SampleKey]:
        epoch, position = self.epoch, self.position + self.rank
        while True:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.size)
            for index in np.resize(order, self.length)[position :: self.world_size]:
                yield SampleKey(self.seed, epoch, int(index))
            if not self.endless:
                return
            position += -(-max(self.length - position, 0) // self.world_size) * self.world_size - self.length
            epoch += 1

    def __len__(self) -> int:
        return self.per_rank
