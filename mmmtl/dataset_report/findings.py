"""What in the facts of a split is wrong, and what a person should look at."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import permutations, product
from pathlib import Path

import numpy as np

from mmmtl.dataset_report.collect import LabelFacts, SplitFacts
from mmmtl.dataset_report.depth_files import depth_findings

SHOWN = 10  # of many files of one kind
FACING_SPLIT, FACING_IMAGE = 0.9, 0.5  # share of normals that face the camera
TURNED = 0.1  # gain in mean cosine by which other axes of the normals are better ones
ALIKE, ODD = 0.8, 0.25  # mean cosine with the depth's normals from which on, and distance below which, an image is odd
VIEWS_DIFFER, RECORD_DIFFERS = 0.1, 0.25  # relative difference of depth between views
METRES = (0.05, 300.0)  # the mean depth of a split


def diagnose(split: SplitFacts) -> None:
    """Fill ``wrong`` and ``look`` of a split."""
    errors = [error for record in split.records for error in record.errors]
    split.wrong += some(errors, f'{len(errors)} bad files')
    for task in split.dataset.tasks:
        labels = [label for record in split.records for label in record.labels.get(task, ())]
        if not labels:
            continue
        if not any(label.known for label in labels):
            split.wrong.append(f'{task}: not one known pixel in {len(labels)} labels')
            continue
        empty = [str(label.path) for label in labels if not label.known]
        split.look += some(empty, f'{task}: {len(empty)} labels without a known pixel')
        split.look += list(classes(split, task, labels))
        lossy = [str(label.path) for label in labels if label.path.suffix.lower() in ('.jpg', '.jpeg')]
        split.look += some(lossy, f'{task}: {len(lossy)} labels are JPEG, which changes their values')
        if split.dataset.tasks[task].quantity == 'depth':
            mean = sum(label.total for label in labels) / sum(label.known for label in labels)
            if not METRES[0] <= mean <= METRES[1]:
                split.look.append(f'{task}: {mean:.3g} on average; are these metres?')
            for finding, paths in depth_findings(task, [label.depth for label in labels if label.depth is not None]):
                split.look += some(list(map(str, paths)), finding)
        orientation(split, task, labels)
    views_agree(split)
    images(split)
    unlisted = sum(record.unlisted for record in split.records)
    if unlisted:
        split.look.append(f'{unlisted} files are not in the list of checksums; write it again')


def some(items: Sequence[str], title: str) -> list[str]:
    """A title and the first items below it, or nothing."""
    more = [f'    ... and {len(items) - SHOWN} more'] if len(items) > SHOWN else []
    return ['\n'.join([f'{title}:', *(f'    {item}' for item in items[:SHOWN]), *more])] if items else []


def classes(split: SplitFacts, task: str, labels: Sequence[LabelFacts]) -> Iterator[str]:
    """Classes that never occur."""
    counts = [label.counts for label in labels if label.counts is not None]
    if counts:
        names = getattr(split.dataset.tasks[task], 'classes', range(len(counts[0])))
        absent = [str(name) for name, pixels in zip(names, np.sum(counts, axis=0), strict=True) if not pixels]
        if absent:
            yield f'{task}: no pixel of {", ".join(absent)}'


def orientation(split: SplitFacts, task: str, labels: Sequence[LabelFacts]) -> None:
    """Normals face the camera, and have the axes of those that the depth gives."""
    labels = [label for label in labels if label.facing is not None and label.known]
    if not labels:
        return
    fraction = sum(label.facing for label in labels) / sum(label.known for label in labels)
    if fraction < FACING_SPLIT:
        split.wrong.append(
            f'{task}: only {100 * fraction:.1f} % of the normals face the camera; a wall straight ahead is (0, 0, -1)'
        )
    away = [str(label.path) for label in labels if label.facing < FACING_IMAGE * label.known]
    split.look += some(away, f'{task}: {len(away)} images whose normals mostly face away')
    turned = [label for label in labels if label.derived]
    if not turned:
        return
    count = sum(label.derived for label in turned)
    cosine, best, axes = best_axes(sum(label.turned for label in turned) / count)
    if best > cosine + TURNED:
        split.wrong.append(
            f'{task}: agrees with the normals of the depth to a mean cosine of {cosine:.2f}, but of '
            f'{best:.2f} if its values are read as {axes}; turn them when the labels are read'
        )
    cosines = [np.trace(label.turned) / label.derived for label in turned]
    odd = [
        f'{label.path} ({cosine:.2f})'
        for label, cosine in zip(turned, cosines, strict=True)
        if cosine < np.median(cosines) - ODD
    ]
    if np.median(cosines) > ALIKE:
        split.look += some(
            odd,
            f'{task}: {len(odd)} images disagree with the normals of their depth (mean cosine); is '
            'one the file of another image?',
        )


def best_axes(turned: np.ndarray) -> tuple[float, float, str]:
    """Of (3, 3) mean label x derived normal: the mean cosine as it is, and the best one over all 48 ways to name and
    turn the axes, with that way."""

    def cosine(order: Sequence[int], signs: Sequence[int]) -> float:
        return float(sum(signs[column] * turned[row, column] for column, row in enumerate(order)))

    order, signs = max(product(permutations(range(3)), product((1, -1), repeat=3)), key=lambda way: cosine(*way))
    axes = ', '.join(('-' if sign < 0 else '') + 'xyz'[row] for row, sign in zip(order, signs, strict=True))
    return float(np.trace(turned)), cosine(order, signs), f'({axes})'


def views_agree(split: SplitFacts) -> None:
    """Depth, intrinsics and poses of neighbouring views belong together."""
    known = [(record.depths_differ, record.name) for record in split.records if record.depths_differ is not None]
    if not known:
        return
    middle = float(np.median([differs for differs, _ in known]))
    if middle > VIEWS_DIFFER:
        split.wrong.append(
            f'the depths of neighbouring views differ by {100 * middle:.0f} % where both see the same '
            'place; are the poses world to camera, and the depths along z?'
        )
        return
    odd = [
        f'{name} ({100 * differs:.0f} %)' for differs, name in sorted(known, reverse=True) if differs > RECORD_DIFFERS
    ]
    split.look += some(odd, f'{len(odd)} records whose views disagree in depth; is one the file of another view?')


def images(split: SplitFacts) -> None:
    """Images that occur twice, show nothing, or are turned under their labels."""
    by_content: dict[str, list[Path]] = defaultdict(list)
    for record in split.records:
        for image in record.images:
            by_content[image.digest].append(image.path)
    twice = [' = '.join(map(str, paths[:4])) for paths in by_content.values() if len(paths) > 1]
    split.look += some(twice, f'{len(twice)} images occur more than once')
    blank = [str(image.path) for record in split.records for image in record.images if image.one_colour]
    split.look += some(blank, f'{len(blank)} images of a single colour')
    turned = [
        f'{image.path} (orientation {image.orientation})'
        for record in split.records
        for image in record.images
        if image.orientation > 1 and image.labelled
    ]
    split.look += some(
        turned,
        f'{len(turned)} labelled images are turned by EXIF; check that their labels are drawn on the turned image',
    )
