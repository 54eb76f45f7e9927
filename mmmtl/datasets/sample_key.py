"""The key of a sample, which seeds all randomness of its pipeline."""

from typing import NamedTuple


class SampleKey(NamedTuple):
    """Seed, epoch and index of a sample; they determine all randomness of its pipeline."""

    seed: int
    epoch: int  # number of completed passes through the dataset
    index: int  # type: ignore[assignment]  # replaces tuple.index, which nothing here calls
