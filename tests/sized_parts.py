"""A concatenated dataset of which only the sizes of the parts are known, for samplers."""

import numpy as np

from mmmtl.datasets import ConcatDataset


class SizedParts(ConcatDataset):
    """Parts of given sizes, without samples."""

    def __init__(self, **sizes: int) -> None:
        self.parts = {name: range(size) for name, size in sizes.items()}
        self.ends = np.cumsum(list(sizes.values())).tolist()

    def __repr__(self) -> str:
        return 'SizedParts'
