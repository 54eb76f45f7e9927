"""Training sampler that draws the parts of a concatenated dataset in a given ratio."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import lcm

import numpy as np
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmmtl.datasets.concat_dataset import ConcatDataset
from mmmtl.datasets.sample_key import SampleKey
from mmmtl.errors import ConfigError
from mmmtl.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class RatioSampler(Sampler[SampleKey]):
    """Training sampler for a `ConcatDataset` with a fixed ratio of the parts in every batch.

    The samples of a run form an endless sequence, a pure function of the seed. Each position is assigned to the part
    with the largest deficit, so any section of the sequence has the ratio to within about one sample. Each part is
    passed through repeatedly, in a new random order each time; ``epoch`` of a key counts the passes through its part.

    The batch of all ranks is the next ``batch_size * world_size`` positions, so it holds the same samples as the batch
    of a single process with the whole batch size. It is distributed part by part, so that the numbers of samples per
    part differ by at most one between ranks. An epoch is the smallest number of whole batches with at least as many
    samples as the dataset.

    Args:
        dataset: Dataset to sample.
        ratios: ``{part: weight}``, e.g. ``dict(pairs=2, singles=2)`` for half and half.
        batch_size: Batch size per rank; `MultiTaskRunner` passes that of the data loader.
        seed: Seed of the run.
        endless: Continue with the next epoch forever (iteration loops), or stop after one (epoch loops).

    Raises:
        ConfigError: ``ratios`` does not list the parts of the dataset, or a weight is not positive.
    """

    def __init__(
        self,
        dataset: ConcatDataset,
        ratios: Mapping[str, float],
        batch_size: int,
        seed: int | None = None,
        endless: bool = False,
    ) -> None:
        if not isinstance(dataset, ConcatDataset):
            raise ConfigError(f'RatioSampler is for a ConcatDataset, found {dataset!r}; use EpochSampler')
        if set(ratios) != set(dataset.parts) or not all(ratio > 0 for ratio in ratios.values()):
            raise ConfigError(
                f'RatioSampler.ratios must have a positive number for each of {", ".join(dataset.parts)}, '
                f'found {dict(ratios)}'
            )
        self.indices = list(dataset.indices.values())
        self.seed, self.endless, self.batch_size = seed or 0, endless, batch_size
        self.period = one_period([ratios[name] for name in dataset.parts])
        self.rank, self.world_size = get_dist_info()
        self.whole_batch = batch_size * self.world_size
        self.batches = -(-len(dataset) // self.whole_batch)  # per epoch
        self.orders: dict[int, tuple[int, np.ndarray]] = {}  # part -> (latest pass, its order)
        self.batch = self.offset = 0  # the next batch of the run, and this rank's next position in it

    def set_epoch(self, epoch: int) -> None:
        """Move to the start of an epoch."""
        self.batch, self.offset = epoch * self.batches, 0

    def skip(self, num_samples: int) -> None:
        """Skip the first ``num_samples`` samples of this rank; MMEngine calls it on resume."""
        self.batch, self.offset = divmod(num_samples, self.batch_size)

    def __iter__(self) -> Iterator[SampleKey]:
        batch, first = self.batch, self.offset
        while True:
            yield from self._rank_samples(batch)[first:]
            batch, first = batch + 1, 0
            if not self.endless and batch % self.batches == 0:
                return

    def __len__(self) -> int:
        return self.batches * self.batch_size

    def _rank_samples(self, batch: int) -> list[SampleKey]:
        """Return the samples of this rank in a batch of all ranks."""
        begin, end = batch * self.whole_batch, (batch + 1) * self.whole_batch
        drawn = [
            self._key(part, number)
            for part in range(len(self.indices))
            for number in range(self._count(part, begin), self._count(part, end))
        ]
        return drawn[self.rank :: self.world_size]

    def _count(self, part: int, positions: int) -> int:
        """Count the positions of a part among the first ``positions`` of the run."""
        rounds, rest = divmod(positions, len(self.period))
        return rounds * self.period.count(part) + self.period[:rest].count(part)

    def _key(self, part: int, number: int) -> SampleKey:
        """Return the key of the ``number``-th draw from a part."""
        indices = self.indices[part]
        epoch, position = divmod(number, len(indices))
        return SampleKey(self.seed, epoch, indices[int(self._order(part, epoch)[position])])

    def _order(self, part: int, epoch: int) -> np.ndarray:
        if self.orders.get(part, (None,))[0] != epoch:
            rng = np.random.default_rng([self.seed, epoch, part])
            self.orders[part] = epoch, rng.permutation(len(self.indices[part]))
        return self.orders[part][1]


def one_period(ratios: list[float]) -> list[int]:
    """Return one period of the sequence: the index of the part at each position.

    Each position goes to the part with the largest deficit; the first part wins ties.

    Raises:
        ConfigError: The ratios differ by more than a factor of a thousand.
    """
    parts = [Fraction(ratio / sum(ratios)).limit_denominator(1000) for ratio in ratios]
    if not all(parts):
        raise ConfigError(f'RatioSampler.ratios must not differ by more than a factor of a thousand, found {ratios}')
    scale = lcm(*(part.denominator for part in parts))
    whole = [int(part * scale) for part in parts]
    period = sum(whole)
    row: list[int] = []
    for position in range(1, period + 1):
        deficits = {
            part: number * position - row.count(part) * period
            for part, number in enumerate(whole)
            if row.count(part) < number
        }
        row.append(max(deficits, key=lambda part: deficits[part]))
    return row
