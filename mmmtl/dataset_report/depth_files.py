"""What depth files hold besides measurements: numbers that mark gaps or the end of what a file can hold."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_array
from mmmtl.tasks import Depth

SHARED = 1e-3  # share of the known pixels at the largest depth from which on it is taken for a mark
OFTEN = 0.05  # share of the files that must have the same largest depth
ALONE = 1.5  # times the next largest depth: then it is a mark in however few files


@dataclass
class DepthFacts:
    """One depth label, and the file that it comes from if that holds a picture or an array."""

    path: Path
    known: int
    high: float  # largest known depth
    at_high: int  # pixels that have it
    below: float  # the next largest, 0 if there is none
    beyond: int  # pixels at or beyond the task's max_depth
    bits: int | None = None  # of whole numbers in the file
    at_end: int = 0  # pixels whose number is the largest that the file can hold
    learnt: int = 0  # how many of them are known


def depth_facts(path: Path, task: Depth, label: np.ndarray) -> DepthFacts:
    """``label`` is (H, W) metres; the file may have another size."""
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
    except DataError:  # of no format that holds a map, such as a scanner's points
        return facts
    if raw.dtype.kind in 'ui' and raw.ndim == 2 and raw.size:
        facts.bits = 8 * raw.dtype.itemsize if raw.dtype.itemsize < 4 or raw.max() > 65535 else 16  # Pillow's mode I
        rows, columns = (
            np.arange(wanted) * there // wanted for wanted, there in zip(label.shape, raw.shape, strict=True)
        )
        at_end = (raw == 2**facts.bits - 1)[rows][:, columns]
        facts.at_end, facts.learnt = int(at_end.sum()), int((at_end & known).sum())
    return facts


def depth_findings(task: str, labels: Sequence[DepthFacts]) -> Iterator[tuple[str, list[Path]]]:
    """What a person should look at, and in which files."""
    shallow = [label.path for label in labels if label.bits == 8]
    if shallow:
        yield (f'{task}: {len(shallow)} files hold 8 bits, so at most 256 depths; look for files of 16 bits', shallow)
    ended = [label for label in labels if label.learnt]
    if ended:
        fraction = sum(label.learnt for label in ended) / sum(label.known for label in ended)
        yield (
            f'{task}: {2 ** ended[0].bits - 1}, the largest number of {ended[0].bits} bits, is learnt as '
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
    """What is left out of learning or of measuring."""
    pixels = sum(label.known for label in labels)
    missing = sum(label.at_end - label.learnt for label in labels)
    if missing:
        bits = next(label.bits for label in labels if label.at_end > label.learnt)
        yield f'{missing} pixels hold {2**bits - 1}, the largest number of {bits} bits: taken as missing'
    beyond = sum(label.beyond for label in labels)
    if beyond:
        part = f'{100 * beyond / pixels:.2g} % of the known pixels'
        yield f'{part} are at or beyond {task.max_depth:g} m: learnt, not measured'
