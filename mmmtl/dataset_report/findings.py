"""Find errors and suspicious values in the statistics of a split."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import permutations, product
from pathlib import Path

import numpy as np

from mmmtl.dataset_report.collect import LabelFacts, SplitFacts
from mmmtl.dataset_report.depth_files import depth_findings

SHOWN = 10  # items to list per finding
FACING_SPLIT, FACING_IMAGE = 0.9, 0.5  # smallest fraction of normals that face the camera
TURNED = 0.1  # gain in mean cosine above which other axes are reported
ALIKE, ODD = 0.8, 0.25  # images are odd at ODD below the median cosine, if that exceeds ALIKE
VIEWS_DIFFER, RECORD_DIFFERS = 0.1, 0.25  # relative difference of depth between views
METRES = (0.05, 300.0)  # plausible mean depth of a split


def find_problems(split: SplitFacts) -> None:
    """Fill ``errors`` and ``warnings`` of a split."""
    errors = [error for record in split.records for error in record.errors]
    split.errors += first_items(errors, f'{len(errors)} bad files')
    for task in split.dataset.tasks:
        labels = [label for record in split.records for label in record.labels.get(task, ())]
        if not labels:
            continue
        if not any(label.known for label in labels):
            split.errors.append(f'{task}: no known pixel in {len(labels)} labels')
            continue
        empty = [str(label.path) for label in labels if not label.known]
        split.warnings += first_items(empty, f'{task}: {len(empty)} labels without a known pixel')
        split.warnings += list(_absent_classes(split, task, labels))
        lossy = [str(label.path) for label in labels if label.path.suffix.lower() in ('.jpg', '.jpeg')]
        split.warnings += first_items(lossy, f'{task}: {len(lossy)} labels are JPEG, which changes their values')
        if split.dataset.tasks[task].quantity == 'depth':
            mean = sum(label.total for label in labels) / sum(label.known for label in labels)
            if not METRES[0] <= mean <= METRES[1]:
                split.warnings.append(f'{task}: {mean:.3g} on average; are these metres?')
            for finding, paths in depth_findings(task, [label.depth for label in labels if label.depth is not None]):
                split.warnings += first_items(list(map(str, paths)), finding)
        _check_normals(split, task, labels)
    _check_view_depths(split)
    _check_images(split)
    unlisted = sum(record.unlisted for record in split.records)
    if unlisted:
        split.warnings.append(f'{unlisted} files are not in the list of checksums; write it again')


def first_items(items: Sequence[str], title: str) -> list[str]:
    """Format a title with the first items below it; an empty list if there are none."""
    more = [f'    ... and {len(items) - SHOWN} more'] if len(items) > SHOWN else []
    return ['\n'.join([f'{title}:', *(f'    {item}' for item in items[:SHOWN]), *more])] if items else []


def _absent_classes(split: SplitFacts, task: str, labels: Sequence[LabelFacts]) -> Iterator[str]:
    """Yield a line on classes that never occur."""
    counts = [label.counts for label in labels if label.counts is not None]
    if counts:
        names = getattr(split.dataset.tasks[task], 'classes', range(len(counts[0])))
        absent = [str(name) for name, pixels in zip(names, np.sum(counts, axis=0), strict=True) if not pixels]
        if absent:
            yield f'{task}: no pixel of {", ".join(absent)}'


def _check_normals(split: SplitFacts, task: str, labels: Sequence[LabelFacts]) -> None:
    """Check that normals face the camera and use the axes of the normals derived from depth."""
    found = [(label, label.normal) for label in labels if label.normal is not None and label.known]
    if not found:
        return
    fraction = sum(normal.facing for _, normal in found) / sum(label.known for label, _ in found)
    if fraction < FACING_SPLIT:
        split.errors.append(
            f'{task}: only {100 * fraction:.1f} % of the normals face the camera; a wall straight ahead is (0, 0, -1)'
        )
    away = [str(label.path) for label, normal in found if normal.facing < FACING_IMAGE * label.known]
    split.warnings += first_items(away, f'{task}: {len(away)} images whose normals mostly face away')
    compared = [(label.path, normal) for label, normal in found if normal.compared]
    if not compared:
        return
    count = sum(normal.compared for _, normal in compared)
    cosine, best, axes = best_axes(np.sum([normal.correlation for _, normal in compared], axis=0) / count)
    if best > cosine + TURNED:
        split.errors.append(
            f'{task}: agrees with the normals of the depth to a mean cosine of {cosine:.2f}, but of '
            f'{best:.2f} if its values are read as {axes}; set normal_signs, or convert the labels'
        )
    cosines = [np.trace(normal.correlation) / normal.compared for _, normal in compared]
    odd = [
        f'{path} ({cosine:.2f})'
        for (path, _), cosine in zip(compared, cosines, strict=True)
        if cosine < np.median(cosines) - ODD
    ]
    if np.median(cosines) > ALIKE:
        split.warnings += first_items(
            odd,
            f'{task}: {len(odd)} images disagree with the normals of their depth (mean cosine); is '
            'one the file of another image?',
        )


def best_axes(correlation: np.ndarray) -> tuple[float, float, str]:
    """Find the assignment of axes with the largest mean cosine.

    Args:
        correlation: Mean of label x normal from depth, (3, 3).

    Returns:
        The mean cosine of the given axes, the largest one over all 48 permutations and signs, and its axes.
    """

    def cosine(order: Sequence[int], signs: Sequence[int]) -> float:
        return float(sum(signs[column] * correlation[row, column] for column, row in enumerate(order)))

    order, signs = max(product(permutations(range(3)), product((1, -1), repeat=3)), key=lambda way: cosine(*way))
    axes = ', '.join(('-' if sign < 0 else '') + 'xyz'[row] for row, sign in zip(order, signs, strict=True))
    return float(np.trace(correlation)), cosine(order, signs), f'({axes})'


def _check_view_depths(split: SplitFacts) -> None:
    """Check that depth, intrinsics and poses of adjacent views are consistent."""
    known = [(record.depths_differ, record.name) for record in split.records if record.depths_differ is not None]
    if not known:
        return
    middle = float(np.median([differs for differs, _ in known]))
    if middle > VIEWS_DIFFER:
        split.errors.append(
            f'the depths of neighbouring views differ by {100 * middle:.0f} % where both see the same '
            'place; are the poses world to camera, and the depths along z?'
        )
        return
    odd = [
        f'{name} ({100 * differs:.0f} %)' for differs, name in sorted(known, reverse=True) if differs > RECORD_DIFFERS
    ]
    split.warnings += first_items(
        odd, f'{len(odd)} records whose views disagree in depth; is one the file of another view?'
    )


def _check_images(split: SplitFacts) -> None:
    """Check for images that occur twice, have a single colour, or are rotated by EXIF."""
    by_content: dict[str, list[Path]] = defaultdict(list)
    for record in split.records:
        for image in record.images:
            by_content[image.digest].append(image.path)
    twice = [' = '.join(map(str, paths[:4])) for paths in by_content.values() if len(paths) > 1]
    split.warnings += first_items(twice, f'{len(twice)} images occur more than once')
    blank = [str(image.path) for record in split.records for image in record.images if image.one_colour]
    split.warnings += first_items(blank, f'{len(blank)} images of a single colour')
    rotated = [
        f'{image.path} (orientation {image.orientation})'
        for record in split.records
        for image in record.images
        if image.orientation > 1 and image.labelled
    ]
    split.warnings += first_items(
        rotated,
        f'{len(rotated)} labelled images are rotated by EXIF; check that their labels match the rotated image',
    )
