"""Detect values in depth files that mark missing or saturated depth."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_array
from mmmtl.tasks import Depth

SHARED = 1e-3  # fraction of known pixels at the largest depth above which it counts as a marker
OFTEN = 0.05  # fraction of files that must have the same largest depth
ALONE = 1.5  # ratio to the next largest depth above which it counts as a marker in any number of files


@dataclass
class DepthFacts:
    """Statistics of one depth label and, if it is an image or array, of its file."""

    path: Path
    known: int
    high: float  # largest known depth
    at_high: int  # number of pixels with this depth
    below: float  # next largest depth, 0 for none
    beyond: int  # number of pixels at or beyond the max_depth of the task
    bits: int | None = None  # bits per integer of the file
    at_end: int = 0  # number of pixels with the largest value of the type
    learnt: int = 0  # number of these that are known


def depth_facts(path: Path, task: Depth, label: np.ndarray) -> DepthFacts:
    """Return the statistics of a depth label (H, W) in metres; the file may have a different size."""
    known = label > 0
    values = label[known]
    high = float(values.max(initial=0))
    below = values[values < high]
    facts = DepthFacts(
        path,
        values.size,
        high,
        int((values == high).sum()),
        float(below.max(initial=0)),
        int((values >= task.max_depth).sum()) if task.max_depth else 0,
    )
    try:
        raw = read_array(path)
    except DataError:  # not a map, e.g. LiDAR points
        return facts
    if raw.dtype.kind in 'ui' and raw.ndim == 2 and raw.size:
        facts.bits = 8 * raw.dtype.itemsize if raw.dtype.itemsize < 4 or raw.max() > 65535 else 16  # Pillow's mode I
        rows, columns = (
            np.arange(length) * raw_length // length for length, raw_length in zip(label.shape, raw.shape, strict=True)
        )
        at_end = (raw == 2**facts.bits - 1)[rows][:, columns]
        facts.at_end, facts.learnt = int(at_end.sum()), int((at_end & known).sum())
    return facts


def depth_findings(task: str, labels: Sequence[DepthFacts]) -> Iterator[tuple[str, list[Path]]]:
    """Yield suspicious findings with the files that they concern."""
    shallow = [label.path for label in labels if label.bits == 8]
    if shallow:
        yield (f'{task}: {len(shallow)} files hold 8 bits, so at most 256 depths; look for files of 16 bits', shallow)
    ended = [label for label in labels if label.learnt]
    if ended:
        fraction = sum(label.learnt for label in ended) / sum(label.known for label in ended)
        yield (
            f'{task}: {2 ** (ended[0].bits or 0) - 1}, the largest number of {ended[0].bits} bits, is learnt as '
            f'{ended[0].high:.4g} m in {len(ended)} files ({100 * fraction:.2g} % of their known pixels); is it a mark '
            'of missing depth? Then give it as void where the label is read',
            [label.path for label in ended],
        )
    by_high = defaultdict(list)
    for label in labels:
        if label.known and not label.learnt:
            by_high[label.high].append(label)
    for high, sharing in sorted(by_high.items()):
        fraction = sum(label.at_high for label in sharing) / sum(label.known for label in sharing)
        often = len(sharing) > max(1, OFTEN * len(labels))
        if fraction >= SHARED and (often or high > ALONE * max(label.below for label in sharing) > 0):
            yield (
                f'{task}: {high:.6g} m is the largest depth of {len(sharing)} files, and {100 * fraction:.2g} % of '
                'their known pixels have it; is it a mark of missing or cut-off depth? Then give it as void, or '
                'give a valid range, where the label is read',
                [label.path for label in sharing],
            )


def describe_depths(task: Depth, labels: Sequence[DepthFacts]) -> Iterator[str]:
    """Yield lines on pixels that are excluded from training or evaluation."""
    pixels = sum(label.known for label in labels)
    missing = sum(label.at_end - label.learnt for label in labels)
    if missing:
        bits = next(label.bits or 0 for label in labels if label.at_end > label.learnt)
        yield f'{missing} pixels hold {2**bits - 1}, the largest number of {bits} bits: taken as missing'
    beyond = sum(label.beyond for label in labels)
    if beyond:
        yield f'{100 * beyond / pixels:.2g} % of the valid pixels are at or beyond {task.max_depth:g} m: not evaluated'
