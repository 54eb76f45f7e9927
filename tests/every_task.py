"""An instance of every task, with labels and logits."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.tasks import Confidence, Depth, Disparity, Edge, HumanParts, InverseDepth, Normal, Saliency, SemSeg, Task

ALL = {
    'semseg': SemSeg('semseg', ('wall', 'floor', 'chair', 'bed')),
    'depth': Depth('depth'),
    'normal': Normal('normal'),
    'normal of l1': Normal('normal', loss=dict(type='L1')),
    'depth with a cap': Depth('depth', min_depth=0.1, max_depth=80.0),
    'depth with log encoding': Depth('depth', encoding='log'),
    'depth with inverse encoding': Depth('depth', encoding='inverse'),
    'inverse depth': InverseDepth('depth', unit=0.3),
    'disparity': Disparity('disparity'),
    'confidence': Confidence('confidence'),
    'edge': Edge('edge', suppress=False),
    'balanced edge': Edge('edge', loss=dict(positive_weight=None), suppress=False, matching='cost'),
    'saliency': Saliency('saliency'),
    'human parts': HumanParts('human_parts', classes=('background', 'head', 'torso', 'leg')),
}
every_task = pytest.mark.parametrize('task', ALL.values(), ids=ALL.keys())


def labels(task: Task, images: int = 3, size: tuple[int, int] = (5, 7), void: float = 0.3) -> Tensor:
    """Random labels (N, C, H, W), a part of them void, the first pixel known and the last one void."""
    torch.manual_seed(0)
    values = known_labels(task, images, size)
    unknown = torch.rand(images, 1, *size) < void
    unknown[..., 0, 0], unknown[..., -1, -1] = False, True
    return torch.where(unknown, torch.tensor(task.void, dtype=task.dtype), values)


def known_labels(task: Task, images: int, size: tuple[int, int]) -> Tensor:
    """Random labels without a void pixel."""
    shape = images, 1, *size
    return {
        SemSeg: lambda: torch.randint(task.channels, shape),
        Depth: lambda: 0.5 + 5 * torch.rand(shape),
        InverseDepth: lambda: 0.5 + 5 * torch.rand(shape),
        Disparity: lambda: 0.02 + 0.5 * torch.rand(shape),
        Confidence: lambda: (torch.rand(shape) < 0.4).float(),
        Normal: lambda: F.normalize(torch.randn(images, 3, *size), dim=1),
        Edge: lambda: (torch.rand(shape) < 0.4).float(),
        Saliency: lambda: (torch.rand(shape) < 0.4).float(),
        HumanParts: lambda: torch.randint(task.channels, shape),
    }[type(task)]()


def perfect(task: Task, target: Tensor) -> Tensor:
    """Logits that say exactly what the label says."""
    if isinstance(task, SemSeg):
        known = task.valid(target)
        return 100.0 * F.one_hot(torch.where(known, target[:, 0], 0), task.channels).permute(0, 3, 1, 2)
    if isinstance(task, InverseDepth):
        return task.to_logits(target)
    if isinstance(task, Confidence | Edge | Saliency):
        return task.to_logits(task.to_values(target)) * 10
    return target * 3 if isinstance(task, Normal) else target.clone()


def some_logits(task: Task, target: Tensor) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(len(target), task.channels, *target.shape[2:])
