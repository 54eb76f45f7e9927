"""From (sum, count) per image to one number per task: part of a protocol, exact over any number of processes."""

from collections.abc import Callable, Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

# (sums, counts) of one task's N images -> their shares in the loss and their weights in the divisor, both (N,)
REDUCTIONS: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    # mean over an image's pixels, sum over images / batch size (MTPSL): an unlabelled image counts as 0
    'batch': lambda sums, counts: (sums / counts.clamp(min=1), torch.ones_like(counts)),
    # mean over an image's pixels, mean over the labelled images
    'labelled': lambda sums, counts: (sums / counts.clamp(min=1), (counts > 0).to(counts)),
    # mean over all labelled pixels of the batch (SAK)
    'pixels': lambda sums, counts: (sums, counts),
}


def reduce_losses(sums: Sequence[Tensor], counts: Sequence[Tensor], how: str) -> tuple[list[Tensor], Tensor]:
    """Reduce T tasks over the images of all processes.

    The divisor is summed over the processes; DDP averages gradients over them, so each process multiplies by their
    number. Then the mean over processes of what is returned is the loss of one process with the whole batch.

    Args:
        sums: T times (N,), summed error per image.
        counts: T times (N,), labelled pixels per image.
        how: ``'batch'``, ``'labelled'`` or ``'pixels'``.

    Returns:
        T losses, 0 but connected to the graph where nobody has the label, and bool (T,): who has it anywhere. The
        losses are not stacked: going back from one of them would pass through the heads of all.
    """
    parts = [REDUCTIONS[how](*of_task) for of_task in zip(sums, counts, strict=True)]
    totals = torch.stack(
        [torch.stack([weights.sum(), count.sum()]) for (_, weights), count in zip(parts, counts, strict=True)]
    )  # (T, 2)
    all_reduce(totals)
    weight, labelled = totals.unbind(1)
    return [
        fractions.sum() / divisor * get_world_size()
        for (fractions, _), divisor in zip(parts, weight.clamp(min=1).unbind(), strict=True)
    ], labelled > 0


def mean_over_processes(total: Tensor, count: Tensor) -> Tensor:
    """A sum and its count on this process -> what, averaged by DDP, is the mean over all; 0 where nothing counts.

    ``total`` keeps its graph; ``count`` is a float scalar without one.
    """
    count = count.detach().clone()
    all_reduce(count)
    return total / count.clamp(min=1) * get_world_size()
