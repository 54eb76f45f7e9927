"""Batches of noise with the labels, cameras, crops and regions that the recipes of the methods need."""

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from torch import Tensor

from mmmtl.experiments.forward_speed import BASELINE, posed_samples
from mmmtl.models import MultiTaskModel
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, HumanParts, InverseDepth, Normal, SemSeg, Task

REGIONS = 24  # per image
ZOOM = 1.5


def noise_batch(model: MultiTaskModel, size: tuple[int, int], scenes: int, kind: str) -> dict[str, list]:
    """Return a batch on the CPU, as the data loader does.

    Args:
        model: The network, whose tasks have labels.
        size: Size (H, W) of the images.
        scenes: Scenes in the batch.
        kind: ``'crops'``, one label per image and a second crop; ``'regions'``, one label per image and regions;
            ``'stereo'``, rectified pairs with classes and pseudo disparity; ``'pairs'``, posed pairs with all labels.
    """
    views = 2 if kind in ('stereo', 'pairs') else 1
    samples = posed_samples(size, scenes, views)
    tasks = list(model.tasks.values())
    for index, sample in enumerate(samples):
        shown = tasks if kind == 'pairs' else [tasks[index % len(tasks)]]
        if kind == 'stereo':
            shown = [task for task in tasks if isinstance(task, SemSeg)]
        sample.gt = PixelData(**{task.name: label(task, size) for task in shown})
        if kind == 'regions':
            sample.regions = regions(size)
        if kind == 'stereo':
            sample.set_metainfo({'rectified': True})
            sample.gt.set_data(
                {'disparity': BASELINE / (1 + 19 * torch.rand(1, *size)), 'confidence': torch.rand(1, *size)}
            )
    if kind == 'crops':
        samples = [crop for sample in samples for crop in two_crops(sample, size)]
    inputs = [torch.randint(256, (3, *size), dtype=torch.uint8) for _ in samples]
    return {'inputs': inputs, 'data_samples': samples}


def label(task: Task, size: tuple[int, int]) -> Tensor:
    """Return a random label of a task, (target_channels, H, W), without void pixels."""
    if isinstance(task, SemSeg | HumanParts):
        return torch.randint(task.channels, (1, *size))
    if isinstance(task, Normal):
        return F.normalize(torch.randn(3, *size), dim=0)
    if isinstance(task, Depth | InverseDepth):
        return 0.5 + 5 * torch.rand(1, *size)
    return (torch.rand(1, *size) < 0.1).float()


def regions(size: tuple[int, int]) -> Tensor:
    """Return a map of connected random regions, (1, H, W)."""
    blobs = torch.rand(1, REGIONS, *(max(2, side // 24) for side in size))
    return F.interpolate(blobs, size, mode='bilinear').argmax(1)


def two_crops(sample: MultiTaskDataSample, size: tuple[int, int]) -> list[MultiTaskDataSample]:
    """Return the sample as `TwoCrops` does: for supervised losses, and zoomed for consistency losses."""
    first, second = sample, sample.clone()
    first.set_metainfo({'supervision_role': 'supervised'})
    window = (0, 0, *(int(side / ZOOM) for side in size))
    second.set_metainfo({'supervision_role': 'consistency', 'window': window, 'zoom': ZOOM})
    return [first, second]
