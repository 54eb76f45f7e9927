"""From (sum, count) per image to one number per task: part of a protocol, exact over any number of processes."""

from collections.abc import Callable

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

# (sums, counts) of one task's N images -> their shares in the loss and their weights in the divisor, both (N,)
SHARES: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    # mean over an image's pixels, sum over images / batch size (MTPSL): an unlabelled image counts as 0
    'batch': lambda sums, counts: (sums / counts.clamp(min=1), torch.ones_like(counts)),
    # mean over an image's pixels, mean over the labelled images
    'labelled': lambda sums, counts: (sums / counts.clamp(min=1), (counts > 0).to(counts)),
    # mean over all labelled pixels of the batch (SAK)
    'pixels': lambda sums, counts: (sums, counts),
}


def reduce_losses(sums: Tensor, counts: Tensor, how: str) -> tuple[Tensor, Tensor]:
    """Reduce T tasks over the images of all processes.

    The divisor is summed over the processes; DDP averages gradients over them, so each process multiplies by their
    number. Then the mean over processes of what is returned is the loss of one process with the whole batch.

    Args:
        sums: (T, N), summed error per image.
        counts: (T, N), labelled pixels per image.
        how: ``'batch'``, ``'labelled'`` or ``'pixels'``.

    Returns:
        Losses (T,), 0 but connected to the graph where nobody has the label, and bool (T,): who has it anywhere.
    """
    shares, weights = SHARES[how](sums, counts)
    totals = torch.stack([weights.sum(1), counts.sum(1)])  # (2, T)
    all_reduce(totals)
    weight, labelled = totals
    return shares.sum(1) / weight.clamp(min=1) * get_world_size(), labelled > 0


def mean_over_processes(total: Tensor, count: Tensor) -> Tensor:
    """A sum and its count on this process -> what, averaged by DDP, is the mean over all; 0 where nothing counts.

    ``total`` keeps its graph; ``count`` is a float scalar without one.
    """
    count = count.detach().clone()
    all_reduce(count)
    return total / count.clamp(min=1) * get_world_size()
