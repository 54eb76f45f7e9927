"""Subtract what all images of a batch share from maps in a joint task space."""

from collections import Counter
from collections.abc import Hashable, Sequence

from torch import Tensor

from mmmtl.models.consistency_losses.task_pairs import TaskPair, index_tensor


def on_several_images(pairs: Sequence[TaskPair]) -> list[TaskPair]:
    """Return the pairs whose ordered tasks occur on two or more images of the batch."""
    images = Counter(tasks for _, tasks in {(pair.image, pair.tasks) for pair in pairs})
    return [pair for pair in pairs if images[pair.tasks] > 1]


def centre(maps: Tensor, groups: Sequence[Hashable], valid: Tensor) -> Tensor:
    """Subtract, at every position, the mean over the valid maps of the same group, in float32.

    Maps that are all equal become exactly 0, without a rounding error that they would share.

    Args:
        maps: (M, C, h, w).
        groups: M groups.
        valid: Bool (M,), True for the maps that count in the mean.
    """
    first: dict[Hashable, int] = {}
    for row, group in enumerate(groups):
        first.setdefault(group, row)
    numbers = {group: number for number, group in enumerate(first)}
    number = index_tensor([numbers[group] for group in groups], maps.device)
    maps = maps.float()
    maps = maps - maps.index_select(0, index_tensor([first[group] for group in groups], maps.device))
    weights = valid.float()
    counts = weights.new_zeros(len(first)).index_add(0, number, weights).clamp(min=1)
    sums = maps.new_zeros(len(first), *maps.shape[1:]).index_add(0, number, maps * weights[:, None, None, None])
    return maps - (sums / counts[:, None, None, None]).index_select(0, number)
