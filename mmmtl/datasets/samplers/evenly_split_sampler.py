"""Evaluation sampler that yields each sample exactly once over all ranks."""

from collections.abc import Iterator

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmmtl.datasets.sample_key import SampleKey
from mmmtl.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class EvenlySplitSampler(Sampler[SampleKey]):
    """Evaluation sampler: samples in order, each exactly once over all ranks, without padding the last ranks.

    Args:
        dataset: Dataset to sample.
        seed: Ignored; MMEngine passes it to every sampler.
    """

    def __init__(self, dataset, seed: int | None = None) -> None:
        rank, world_size = get_dist_info()
        self.indices = range(rank, len(dataset), world_size)

    def __iter__(self) -> Iterator[SampleKey]:
        return (SampleKey(0, 0, index) for index in self.indices)

    def __len__(self) -> int:
        return len(self.indices)
