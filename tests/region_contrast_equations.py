"""Regions, labels and logits for region contrast, and its value computed pair by pair from the equations."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from gaussian_pairs import by_hand
from mmengine.structures import PixelData

from mmmtl.models.consistency_losses import RegionContrast
from mmmtl.models.consistency_losses.task_pairs import TaskPair
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Normal, SemSeg

SIZE = (64, 80)
TASKS = dict(semseg=SemSeg('semseg', ['floor', 'wall', 'thing']), depth=Depth('depth'), normal=Normal('normal'))


def make_loss(**arguments) -> RegionContrast:
    torch.manual_seed(0)
    return RegionContrast(TASKS, [8], [4], **{'space': dict(widths=(6, 6, 8, 8)), **arguments})


def quarters(size: tuple[int, int] = SIZE) -> torch.Tensor:
    """int32 (1, H, W): four regions of different sizes, and a stripe that belongs to none."""
    regions = torch.full((1, *size), -1, dtype=torch.int32)
    regions[:, :30, :30], regions[:, :30, 30:] = 3, 8
    regions[:, 32:, :50], regions[:, 32:, 50:] = 700, 1
    return regions


def labels() -> dict[str, torch.Tensor]:
    """Each region with a class, a depth and a direction of its own."""
    regions = quarters()[0]
    depth = torch.ones(1, *SIZE)
    normal = torch.zeros(3, *SIZE)
    semseg = torch.zeros(1, *SIZE, dtype=torch.int64)
    for number, name in enumerate((3, 8, 700, 1)):
        depth[0][regions == name] = 1.0 + number
        normal[number % 3][regions == name] = 1.0
        semseg[0][regions == name] = number % 3
    return dict(semseg=semseg, depth=depth, normal=normal)


def sample(*shown: str, regions: torch.Tensor | None = None, **meta) -> MultiTaskDataSample:
    made = MultiTaskDataSample(metainfo=dict(img_shape=SIZE, img_path='a.png', **meta))
    made.gt = PixelData(**{name: labels()[name] for name in shown})
    made.regions = quarters() if regions is None else regions
    return made


def inputs(samples: list[MultiTaskDataSample]) -> tuple[dict, dict]:
    """Random logits, and the targets of the samples."""
    generator = torch.Generator().manual_seed(1)
    logits = {
        name: torch.randn(len(samples), task.channels, *SIZE, generator=generator).requires_grad_()
        for name, task in TASKS.items()
    }
    targets = {
        name: torch.stack(
            [
                one.gt.get(name)
                if name in one.gt
                else torch.full((task.target_channels, *SIZE), task.void, dtype=task.dtype)
                for one in samples
            ]
        )
        for name, task in TASKS.items()
    }
    return logits, targets


def loss_of(contrast: RegionContrast, samples: list[MultiTaskDataSample], logits: dict | None = None) -> torch.Tensor:
    drawn, targets = inputs(samples)
    torch.manual_seed(2)  # of the Gumbel noise
    return contrast(logits or drawn, targets, (), samples)


def by_the_equations(contrast: RegionContrast, samples: list, pairs: list[TaskPair]) -> float:
    """Equations (2) to (6) with loops over pairs, tasks, regions and negatives."""
    logits, targets = inputs(samples)
    torch.manual_seed(2)
    with torch.no_grad():
        mapped = torch.stack(contrast.embed(logits, targets, pairs)[:2], 1)
    total = []
    for (image, _, target), both in zip(pairs, mapped, strict=True):
        maps = F.interpolate(both, (32, 40), mode='bilinear', align_corners=False).double()
        regions = samples[image].regions[0, 1::2, 1::2]
        valid = TASKS[target].valid(targets[target])[image, 1::2, 1::2]
        found = {}  # (task, region) -> mean, covariance
        for task, values in enumerate(maps):
            for region in set(regions.flatten().tolist()) - {-1}:
                inside = (regions == region) & (valid if task else torch.ones_like(valid))
                if inside.sum() >= contrast.slots.min_pixels:
                    pixels = values[:, inside]
                    found[task, region] = pixels.mean(1), pixels.cov()
        anchors = []
        for task, region in found:
            if (1 - task, region) not in found:
                continue

            def similarity(one, other, found=found):
                (a, A), (b, B) = found[one], found[other]
                return math.exp(-by_hand(a[None], A[None], b[None], B[None])[0, 0] / contrast.temperature)

            positive = similarity((task, region), (1 - task, region))
            negatives = sum(similarity((task, region), other) for other in found if other[1] != region)
            anchors.append(-math.log(positive / (positive + negatives)))
        if anchors:
            total.append(np.mean(anchors))
    return float(np.mean(total)) if total else 0.0
