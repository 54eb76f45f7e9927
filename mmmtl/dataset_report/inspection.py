"""Inspect all datasets of a config: open every file and report statistics and errors."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from mmengine.config import Config
from torch.utils.data import DataLoader, Dataset

from mmmtl.configuration.config_check import DATALOADERS
from mmmtl.configuration.departures import followed_protocol
from mmmtl.dataset_report.collect import RecordFacts, SplitFacts, collect_record
from mmmtl.dataset_report.findings import find_problems, first_items
from mmmtl.datasets import MultiTaskDataset, SampleKey
from mmmtl.errors import DataError
from mmmtl.progress import progress
from mmmtl.registry import DATASETS


def inspect_datasets(
    config: Config, *, limit: int | None = None, workers: int = 0, show_progress: bool = False
) -> list[SplitFacts]:
    """Inspect the datasets of all data loaders of a config.

    Args:
        config: Config of `load_config`.
        limit: Largest number of records per split, evenly spaced; None opens all.
        workers: Number of loader processes.
        show_progress: Show a progress bar per split.

    Returns:
        The statistics, errors and warnings of each split.
    """
    protocol = followed_protocol(config)
    size = protocol.size if protocol else None
    splits = []
    for name, built in configured_datasets(config):
        check_pipeline(split := SplitFacts(name, built), size if 'test' in name else None)
        indices = np.unique(np.linspace(0, len(built) - 1, min(limit or len(built), len(built))).round().astype(int))
        loader = DataLoader(RecordFactsDataset(built, indices.tolist()), batch_size=None, num_workers=workers)
        records = progress(loader, description=name, unit='record', leave=False) if show_progress else loader
        split.records = list(records)
        find_problems(split)
        splits.append(split)
    for one, other in combinations(splits, 2):
        compare_splits(one, other)
    return splits


class RecordFactsDataset(Dataset):
    """Statistics of records as a dataset, for a data loader."""

    def __init__(self, dataset: MultiTaskDataset, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> RecordFacts:
        return collect_record(self.dataset, int(self.indices[index]))


def configured_datasets(config: Config) -> Iterator[tuple[str, MultiTaskDataset]]:
    """Yield the names and datasets of the data loaders; parts of a `ConcatDataset` are separate, duplicates merged."""
    names: dict[str, list[str]] = defaultdict(list)
    for loader in DATALOADERS:
        if config.get(loader):
            records = {key: value for key, value in config[loader].dataset.items() if key != 'pipeline'}
            names[repr(records)].append(loader.removesuffix('_dataloader'))
    for loaders in names.values():
        built = DATASETS.build(config[f'{loaders[-1]}_dataloader'].dataset)
        for part, dataset in getattr(built, 'parts', {'': built}).items():
            yield '='.join(loaders) + (f'/{part}' if part else ''), dataset


def check_pipeline(split: SplitFacts, size: tuple[int, int] | None) -> None:
    """Run the pipeline on one sample and compare its size with that of the protocol."""
    try:
        image = split.dataset[SampleKey(0, 0, 0)]['inputs'][0]
    except DataError:
        return  # the inspection reports the file
    if size and tuple(image.shape[1:]) != size:
        split.errors.append(
            f'the pipeline returns {image.shape[1]} x {image.shape[2]} images, '
            f'the protocol expects {size[0]} x {size[1]}'
        )


def compare_splits(one: SplitFacts, other: SplitFacts) -> None:
    """Report images that two splits share: an error if one of them is for training, else a warning."""
    known = {}
    for record in one.records:
        for image in record.images:
            known[image.digest] = image.path
    shared = [
        (known[image.digest], image.path)
        for record in other.records
        for image in record.images
        if image.digest in known
    ]
    parts = [set(split.name.split('/')[0].split('=')) for split in (one, other)]
    if not shared or parts[0] == parts[1]:
        return
    pairs = [str(path) if path == first else f'{path} = {first}' for first, path in shared]
    found = first_items(pairs, f'{len(pairs)} images of {other.name} are in {one.name} too')
    if any('train' in part for part in parts):
        one.errors += found
    else:
        one.warnings += found


def files_of(config: Config) -> set[Path]:
    """Return all files of the records and the files next to them (cameras, lists)."""
    opened = {
        path
        for _, dataset in configured_datasets(config)
        for record in dataset.records
        for path in record.files(record.label_names())
    }
    beside = {
        path
        for folder in {path.parent for path in opened}
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith('.')
    }
    return opened | beside
