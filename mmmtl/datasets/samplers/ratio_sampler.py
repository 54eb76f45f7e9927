"""Batches in which every part of a mixed data set has its share, whatever the sizes of the parts."""

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
    """Training on a `ConcatDataset`: every batch holds each part by its share.

    The samples of the run stand in one endless row, a pure function of the seed. Its places are given to the parts in
    turn, to the one that is furthest behind its share, so that any stretch of places holds the shares to within a
    sample or so. A part's own samples come pass after pass, each pass in an order of its own; ``epoch`` of a key
    counts the passes through its part.

    A batch of all processes together is the next ``batch_size * world_size`` places, so it holds the very samples of
    one process with the whole batch; they are dealt out part by part, so that every process has the same share to
    within one sample of each part. An epoch is as many whole batches as it takes to draw as many samples as there are.

    Args:
        dataset: What is sampled.
        shares: ``{part: share}``, relative to each other, e.g. ``dict(pairs=2, singles=2)`` for half and half.
        batch_size: Of one process; `MultiTaskRunner` gives the loader's.
        seed: Of the run.
        endless: Go on with the next epoch for ever (iteration loops) or stop after one (epoch loops).

    Raises:
        ConfigError: The shares do not name the parts of the data set, or one is not positive.
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
                f'RatioSampler.ratios must give a positive share for each of {", ".join(dataset.parts)}, '
                f'found {dict(ratios)}'
            )
        self.indices = list(dataset.indices.values())
        self.seed, self.endless, self.batch_size = seed or 0, endless, batch_size
        self.turns = turns([ratios[name] for name in dataset.parts])
        self.rank, self.world_size = get_dist_info()
        self.whole_batch = batch_size * self.world_size
        self.batches = -(-len(dataset) // self.whole_batch)  # per epoch
        self.orders: dict[int, tuple[int, np.ndarray]] = {}  # part -> its pass that was asked for last, and its order
        self.batch = self.place = 0  # the next batch of the run, and the first of this rank's places in it to come

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch."""
        self.batch, self.place = epoch * self.batches, 0

    def skip(self, num_samples: int) -> None:
        """Go to where this rank has taken ``num_samples`` samples since the run began (MMEngine calls it on resume)."""
        self.batch, self.place = divmod(num_samples, self.batch_size)

    def __iter__(self) -> Iterator[SampleKey]:
        batch, first = self.batch, self.place
        while True:
            yield from self._dealt(batch)[first:]
            batch, first = batch + 1, 0
            if not self.endless and batch % self.batches == 0:
                return

    def __len__(self) -> int:
        return self.batches * self.batch_size

    def _dealt(self, batch: int) -> list[SampleKey]:
        """This rank's samples of a batch of all ranks."""
        begin, end = batch * self.whole_batch, (batch + 1) * self.whole_batch
        drawn = [
            self._key(part, number)
            for part in range(len(self.indices))
            for number in range(self._taken(part, begin), self._taken(part, end))
        ]
        return drawn[self.rank :: self.world_size]

    def _taken(self, part: int, indices: int) -> int:
        """How many of the first ``places`` places of the run belong to a part."""
        rounds, rest = divmod(indices, len(self.turns))
        return rounds * self.turns.count(part) + self.turns[:rest].count(part)

    def _key(self, part: int, number: int) -> SampleKey:
        """The sample that a part gives when it is drawn for the ``number``-th time."""
        indices = self.indices[part]
        epoch, place = divmod(number, len(indices))
        return SampleKey(self.seed, epoch, indices[int(self._order(part, epoch)[place])])

    def _order(self, part: int, epoch: int) -> np.ndarray:
        if self.orders.get(part, (None,))[0] != epoch:
            rng = np.random.default_rng([self.seed, epoch, part])
            self.orders[part] = epoch, rng.permutation(len(self.indices[part]))
        return self.orders[part][1]


def turns(ratios: list[float]) -> list[int]:
    """One period of the row of places: the number of the part that each belongs to.

    In a period every part gets a whole number of places. A place goes to the part that would be
    furthest behind its share without it; the first part wins a tie.
    """
    parts = [Fraction(ratio / sum(ratios)).limit_denominator(1000) for ratio in ratios]
    if not all(parts):
        raise ConfigError(f'RatioSampler.ratios must not differ by more than a factor of a thousand, found {ratios}')
    scale = lcm(*(part.denominator for part in parts))
    whole = [int(part * scale) for part in parts]
    period, row = sum(whole), []
    for place in range(1, period + 1):
        behind = {
            part: number * place - row.count(part) * period
            for part, number in enumerate(whole)
            if row.count(part) < number
        }
        row.append(max(behind, key=behind.get))
    return row
