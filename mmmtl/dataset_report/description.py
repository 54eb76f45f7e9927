"""The data doctor: opens every file that a config names, says what is in them and what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from mmengine.config import Config
from torch.utils.data import DataLoader, Dataset

from mmmtl.configuration.config_check import DATALOADERS
from mmmtl.configuration.protocols import protocol_of
from mmmtl.dataset_report.collect import RecordFacts, SplitFacts, examine
from mmmtl.dataset_report.depth_files import describe_depths
from mmmtl.dataset_report.findings import diagnose, some
from mmmtl.datasets import MultiTaskDataset, SampleKey
from mmmtl.errors import DataError
from mmmtl.progress import progress
from mmmtl.registry import DATASETS


def check_dataset(
    config: Config, *, limit: int | None = None, workers: int = 0, show_progress: bool = False
) -> list[SplitFacts]:
    """Examine the data sets of all loaders of a config.

    Args:
        config: From `load_config`.
        limit: At most so many records per split, evenly spread over it.
        workers: Processes that load.
        show_progress: A bar per split.
    """
    protocol = protocol_of(config)
    size = protocol.size if protocol else None
    splits = []
    for name, built in data_sets(config):
        check_pipeline(split := SplitFacts(name, built), size if 'test' in name else None)
        wanted = np.unique(np.linspace(0, len(built) - 1, min(limit or len(built), len(built))).round().astype(int))
        loader = DataLoader(Examined(built, wanted), batch_size=None, num_workers=workers)
        records = progress(loader, description=name, unit='record', leave=False) if show_progress else loader
        split.records = list(records)
        diagnose(split)
        splits.append(split)
    for one, other in combinations(splits, 2):
        compare_splits(one, other)
    return splits


class Examined(Dataset):
    """The facts of some records, for a loader to collect."""

    def __init__(self, dataset: MultiTaskDataset, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, place: int) -> RecordFacts:
        return examine(self.dataset, int(self.indices[place]))


def data_sets(config: Config) -> Iterator[tuple[str, MultiTaskDataset]]:
    """The data sets of the loaders, or their parts if they are mixed; loaders of the same one are named together."""
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
    """One sample through the config's own pipeline, and its size against the protocol's."""
    try:
        image = split.dataset[SampleKey(0, 0, 0)]['inputs'][0]
    except DataError:
        return  # the examination will name the file
    if size and tuple(image.shape[1:]) != size:
        split.wrong.append(
            f'images leave the pipeline as {image.shape[1]} x {image.shape[2]}, the protocol says {size[0]} x {size[1]}'
        )


def compare_splits(one: SplitFacts, other: SplitFacts) -> None:
    """Images that are in both: wrong where one of the two is for training."""
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
    found = some(pairs, f'{len(pairs)} images of {other.name} are in {one.name} too')
    if any('train' in part for part in parts):
        one.wrong += found
    else:
        one.look += found


def files_of(config: Config) -> set[Path]:
    """All files that the records name, and what lies beside them (cameras, lists)."""
    opened = {
        path
        for _, dataset in data_sets(config)
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


def class_names(split: SplitFacts, task: str) -> list[str]:
    """The names of a task's classes, or their numbers."""
    known = split.dataset.tasks[task]
    return list(getattr(known, 'classes', None) or map(str, range(max(known.channels, 2))))


def describe(split: SplitFacts) -> str:
    """The split for people to read."""
    records = split.records
    sizes = Counter(image.size for record in records for image in record.images)
    views = sum(sizes.values())
    opened = f', {len(records)} of them opened' if len(records) < len(split.dataset) else ''
    common = ', '.join(f'{height} x {width} ({count})' for (height, width), count in sizes.most_common(4))
    rest = f' and {len(sizes) - 4} other sizes' if len(sizes) > 4 else ''
    lines = [
        f'{split.name}: {split.dataset}',
        '',
        f'  {len(split.dataset)} records{opened}; {views} images of {common}{rest}',
        '',
        f'  {"task":<12} {"images":>7} {"known pixels":>13} {"lowest":>9} {"mean":>9} {"highest":>9}',
    ]
    for name in split.dataset.tasks:
        lines += describe_task(split, name)
    lines += describe_together(split)
    differ = [record.depths_differ for record in records if record.depths_differ is not None]
    if differ:
        lines += [
            '',
            f'  depth of one view, seen from the next: median difference {100 * np.median(differ):.1f} %, '
            f'worst record {100 * max(differ):.1f} %',
        ]
    return '\n'.join(lines)


def describe_task(split: SplitFacts, name: str) -> Iterator[str]:
    """Counts, range, classes, orientation of one task's labels."""
    labels = [label for record in split.records for label in record.labels.get(name, ())]
    if not labels:
        yield f'  {name:<12} {0:>7}'
        return
    known, pixels = sum(label.known for label in labels), sum(label.pixels for label in labels)
    values = known * split.dataset.tasks[name].target_channels
    low, high = min(label.low for label in labels), max(label.high for label in labels)
    mean = sum(label.total for label in labels) / max(values, 1)
    fraction = f'{100 * known / pixels:.1f} %'
    if labels[0].counts is None and not any(label.counts is not None for label in labels):
        yield f'  {name:<12} {len(labels):>7} {fraction:>13} {low:>9.3g} {mean:>9.3g} {high:>9.3g}'
    else:
        yield f'  {name:<12} {len(labels):>7} {fraction:>13}'
        yield from describe_classes(class_names(split, name), [label.counts for label in labels if label.known])
    depths = [label.depth for label in labels if label.depth is not None]
    for line in describe_depths(split.dataset.tasks[name], depths):
        yield f'  {"":<12} {line}'
    facing = [label for label in labels if label.facing is not None]
    if facing:
        yield f'  {"":<12} {100 * sum(label.facing for label in facing) / max(known, 1):.1f} % face the camera'
    derived = sum(label.derived for label in labels)
    if derived:
        cosine = sum(np.trace(label.turned) for label in labels if label.derived) / derived
        yield f'  {"":<12} mean cosine with the normals that follow from the depth: {cosine:.3f}'


def describe_classes(names: Sequence[str], counts: Sequence[np.ndarray]) -> Iterator[str]:
    """Share of the pixels and number of images of each class."""
    pixels = np.sum(counts, axis=0)
    images = np.sum([count > 0 for count in counts], axis=0)
    for name, fraction, occurs in zip(names, pixels / max(pixels.sum(), 1), images, strict=True):
        yield f'  {"":<12} {name:<16} {100 * fraction:>7.3f} % of the pixels, in {occurs} images'


def describe_together(split: SplitFacts) -> Iterator[str]:
    """How many images carry both of two tasks' labels."""
    names = [name for name in split.dataset.tasks if any(name in record.labels for record in split.records)]
    if len(names) < 2:
        return
    yield from ('', '  images with both labels')
    yield '  ' + ' ' * 12 + ''.join(f'{name:>13}' for name in names)
    for row in names:
        counts = [
            sum(min(len(record.labels.get(row, ())), len(record.labels.get(name, ()))) for record in split.records)
            for name in names
        ]
        yield f'  {row:<12}' + ''.join(f'{count:>13}' for count in counts)
