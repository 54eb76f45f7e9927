"""The sampler of evaluation."""

from collections.abc import Iterator, Sized

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

    def __init__(self, dataset: Sized, seed: int | None = None) -> None:
        rank, world_size = get_dist_info()
        self.indices = range(rank, len(dataset), world_size)

    def __iter__(self) -> Iterator[SampleKey]:
        return (SampleKey(seed=0, epoch=0, index=index) for index in self.indices)  # the same draws in every evaluation

    def __len__(self) -> int:
        return len(self.indices)
