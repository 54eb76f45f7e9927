"""Pairs and labels of all processes, for losses that tell an image from the others of the whole batch."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_gather, all_gather_object, get_rank, get_world_size
from torch import Tensor

from mmmtl.models.consistency_losses.task_pairs import TaskPair
from mmmtl.tasks import Task


def pairs_of_all(
    pairs: Sequence[TaskPair], targets: Mapping[str, Tensor], tasks: Mapping[str, Task]
) -> tuple[list[TaskPair], int, Mapping[str, Tensor]]:
    """The pairs of all processes in the order of their ranks, and the labels that they need.

    Labels are data: whoever needs them maps them itself, and nothing has to come back in the backward pass. With
    several processes the host waits for the device; one process gets back what it gave.

    Args:
        pairs: Those of this process.
        targets: ``{task: (N, target_channels, H, W)}``.
        tasks: By name.

    Returns:
        All pairs, the place of our first among them, and targets (N + M, ...): the M images of other processes stand
        behind ours, cut or padded to our size, and their pairs are numbered so. What no pair needs of them is void.
    """
    if get_world_size() == 1:
        return list(pairs), 0, targets
    told = all_gather_object((list(pairs), next(iter(targets.values())).shape[2:]))
    sizes = [size for _, size in told]
    needed = {
        name: [sorted({pair.image for pair in of_one if pair.to_task == name}) for of_one, _ in told]
        for name in targets
    }
    sent = {name: exchange(targets[name], needed[name], sizes) for name in targets if any(needed[name])}
    everybody, first, images = [], 0, len(next(iter(targets.values())))
    more: dict[str, list[Tensor]] = {name: [values] for name, values in targets.items()}
    for rank, (of_one, _) in enumerate(told):
        if rank == get_rank():
            first = len(everybody)
            everybody += of_one
            continue
        seen = sorted({pair.image for pair in of_one})
        number = {image: images + place for place, image in enumerate(seen)}
        images += len(seen)
        everybody += [pair._replace(image=number[pair.image]) for pair in of_one]
        for name, values in targets.items():
            theirs = values.new_full((len(seen), *values.shape[1:]), tasks[name].void)
            height, width = (min(a, b) for a, b in zip(sizes[rank], values.shape[2:], strict=True))
            for place, image in enumerate(needed[name][rank]):
                theirs[seen.index(image), :, :height, :width] = sent[name][rank][place, :, :height, :width]
            more[name].append(theirs)
    return everybody, first, {name: torch.cat(values) for name, values in more.items()}


def exchange(target: Tensor, needed: Sequence[Sequence[int]], sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
    """One task's labels at the indices that each process needs -> those of every process, padded to one shape."""
    most = max(map(len, needed))
    height, width = (max(lengths) for lengths in zip(*sizes, strict=True))
    buffer = target.new_zeros(most, target.shape[1], height, width)
    for place, image in enumerate(needed[get_rank()]):
        buffer[place, :, : target.shape[2], : target.shape[3]] = target[image]
    return all_gather(buffer)
