"""A dataset to check."""

import numpy as np

from mmmtl.datasets import MultiTaskDataset


class DatasetTrial:
    """A dataset to check, and the indices of the records to load; see `check_dataset` for the arguments."""

    def __init__(self, dataset: MultiTaskDataset, samples: int) -> None:
        self.dataset = dataset
        self.indices = np.unique(np.linspace(0, len(dataset) - 1, samples).round().astype(int)).tolist()
