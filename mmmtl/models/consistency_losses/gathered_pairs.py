"""Gather pairs and labels of all processes, for losses that compare an image with the others of the whole batch."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_gather, all_gather_object, get_rank, get_world_size
from torch import Tensor

from mmmtl.models.consistency_losses.task_pairs import TaskPair
from mmmtl.tasks import Task


def gather_pairs(
    pairs: Sequence[TaskPair], targets: Mapping[str, Tensor], tasks: Mapping[str, Task]
) -> tuple[list[TaskPair], int, Mapping[str, Tensor]]:
    """Return the pairs of all processes in the order of their ranks, and the labels that they need.

    Labels are gathered, not maps computed from them: each process computes all maps that it needs, so no gradient has
    to be sent back. With several processes the host waits for the device; with one process the arguments are returned.

    Args:
        pairs: Pairs of this process.
        targets: ``{task: (N, target_channels, H, W)}``.
        tasks: The model's tasks, by name.

    Returns:
        All pairs, the index of the first pair of this process, and targets (N + M, ...). The M images of other
        processes follow the N of this one, cropped or padded to its size; the ``image`` of their pairs counts
        accordingly. Labels that no pair needs are void.
    """
    if get_world_size() == 1:
        return list(pairs), 0, targets
    gathered = all_gather_object((list(pairs), next(iter(targets.values())).shape[2:]))
    sizes = [size for _, size in gathered]
    needed = {
        name: [sorted({pair.image for pair in rank_pairs if pair.to_task == name}) for rank_pairs, _ in gathered]
        for name in targets
    }
    received = {name: _gather_labels(targets[name], needed[name], sizes) for name in targets if any(needed[name])}
    all_pairs: list[TaskPair] = []
    first, num_images = 0, len(next(iter(targets.values())))
    parts: dict[str, list[Tensor]] = {name: [values] for name, values in targets.items()}
    for rank, (rank_pairs, _) in enumerate(gathered):
        if rank == get_rank():
            first = len(all_pairs)
            all_pairs += rank_pairs
            continue
        images = sorted({pair.image for pair in rank_pairs})
        index_of = {image: index for index, image in enumerate(images, start=num_images)}
        num_images += len(images)
        all_pairs += [pair._replace(image=index_of[pair.image]) for pair in rank_pairs]
        for name, values in targets.items():
            labels = values.new_full((len(images), *values.shape[1:]), tasks[name].void)
            height, width = (min(a, b) for a, b in zip(sizes[rank], values.shape[2:], strict=True))
            for index, image in enumerate(needed[name][rank]):
                labels[images.index(image), :, :height, :width] = received[name][rank][index, :, :height, :width]
            parts[name].append(labels)
    return all_pairs, first, {name: torch.cat(values) for name, values in parts.items()}


def _gather_labels(target: Tensor, needed: Sequence[Sequence[int]], sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
    """Gather the labels of one task from all processes, padded to one shape.

    Args:
        target: Labels (N, C, H, W) of this process.
        needed: For each rank, the indices of the images whose label is needed.
        sizes: For each rank, the size (H, W) of its labels.
    """
    max_needed = max(map(len, needed))
    height, width = (max(lengths) for lengths in zip(*sizes, strict=True))
    buffer = target.new_zeros(max_needed, target.shape[1], height, width)
    for index, image in enumerate(needed[get_rank()]):
        buffer[index, :, : target.shape[2], : target.shape[3]] = target[image]
    return all_gather(buffer)
