"""Format the statistics of a split as text."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from mmmtl.dataset_report.collect import SplitFacts
from mmmtl.dataset_report.depth_files import describe_depths
from mmmtl.tasks import Depth


def class_names(split: SplitFacts, task: str) -> list[str]:
    """Return the class names of a task, or their indices if it has none."""
    known = split.dataset.tasks[task]
    return list(getattr(known, 'classes', None) or map(str, range(max(known.channels, 2))))


def describe_split(split: SplitFacts) -> str:
    """Format the statistics of a split as text."""
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
    """Yield lines on the counts, range, classes and orientation of the labels of a task."""
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
        yield from describe_classes(
            class_names(split, name), [label.counts for label in labels if label.counts is not None]
        )
    depths = [label.depth for label in labels if label.depth is not None]
    for line in describe_depths(cast(Depth, split.dataset.tasks[name]), depths):
        yield f'  {"":<12} {line}'
    normals = [label.normal for label in labels if label.normal is not None]
    if normals:
        yield f'  {"":<12} {100 * sum(normal.facing for normal in normals) / max(known, 1):.1f} % face the camera'
    compared = sum(normal.compared for normal in normals)
    if compared:
        cosine = sum(np.trace(normal.correlation) for normal in normals) / compared
        yield f'  {"":<12} mean cosine with the normals that follow from the depth: {cosine:.3f}'


def describe_classes(names: Sequence[str], counts: Sequence[np.ndarray]) -> Iterator[str]:
    """Yield for each class the fraction of pixels and the number of images."""
    pixels = np.sum(counts, axis=0)
    images = np.sum([count > 0 for count in counts], axis=0)
    for name, fraction, occurs in zip(names, pixels / max(pixels.sum(), 1), images, strict=True):
        yield f'  {"":<12} {name:<16} {100 * fraction:>7.3f} % of the pixels, in {occurs} images'


def describe_together(split: SplitFacts) -> Iterator[str]:
    """Yield a table of the numbers of images with labels of two tasks."""
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
