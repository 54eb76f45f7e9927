"""Reduce (sum, count) per image to one loss per task, exactly for any number of processes; part of a protocol."""

from collections.abc import Callable, Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

# (sums, counts) of one task's N images -> numerators and denominators of the loss, both (N,)
REDUCTIONS: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    # mean over an image's pixels, sum over images / batch size (MTPSL); an unlabelled image counts as 0
    'batch': lambda sums, counts: (sums / counts.clamp(min=1), torch.ones_like(counts)),
    # mean over an image's pixels, mean over the labelled images
    'labelled': lambda sums, counts: (sums / counts.clamp(min=1), (counts > 0).to(counts)),
    # mean over all labelled pixels of the batch (SAK)
    'pixels': lambda sums, counts: (sums, counts),
}


def reduce_losses(sums: Sequence[Tensor], counts: Sequence[Tensor], how: str) -> tuple[list[Tensor], Tensor]:
    """Reduce the errors of T tasks over the images of all processes.

    The divisor is summed over the processes. DDP averages gradients over them, so each process multiplies its losses by
    the world size: their mean over the processes is then the loss of one process with the whole batch.

    Args:
        sums: T tensors (N,), summed error per image.
        counts: T tensors (N,), number of labelled pixels per image.
        how: ``'batch'`` (mean over an image's pixels, then sum over images / batch size), ``'labelled'`` (mean over an
            image's pixels, then over the labelled images) or ``'pixels'`` (mean over all labelled pixels).

    Returns:
        T scalar losses, 0 but connected to the graph if no image has the label; and bool (T,), whether any image of any
        process has it. The losses are not stacked, as the backward pass of one of them would then run through the heads
        of all.
    """
    terms = [REDUCTIONS[how](task_sums, task_counts) for task_sums, task_counts in zip(sums, counts, strict=True)]
    totals = torch.stack(
        [torch.stack([denominators.sum(), count.sum()]) for (_, denominators), count in zip(terms, counts, strict=True)]
    )  # (T, 2)
    all_reduce(totals)
    divisors, labelled = totals.unbind(1)
    losses = [
        numerators.sum() / divisor * get_world_size()
        for (numerators, _), divisor in zip(terms, divisors.clamp(min=1).unbind(), strict=True)
    ]
    return losses, labelled > 0


def mean_over_processes(total: Tensor, count: Tensor) -> Tensor:
    """Divide a sum by its count over all processes, so that DDP's average is the mean over all; 0 if the count is 0.

    Args:
        total: Scalar sum of this process, with its graph.
        count: Float scalar count of this process.
    """
    count = count.detach().clone()
    all_reduce(count)
    return total / count.clamp(min=1) * get_world_size()
