"""Random batches with partial labels, predictions and features, for consistency losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from torch import Tensor

from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Normal, Saliency, Task
from mmmtl.testing.contract import MakeLabel

SIZE = (16, 24)
CHANNELS = 8  # of the last feature map, whose stride is 4
IN_CHANNELS, STRIDES = (4, CHANNELS), (1, 4)
# tasks whose encoding is deterministic
TASKS: dict[str, Task] = {'saliency': Saliency('saliency'), 'depth': Depth('depth'), 'normal': Normal('normal')}
LABELS: dict[str, MakeLabel] = {
    'saliency': lambda images, size: (torch.rand(images, 1, *size) < 0.4).float(),
    'depth': lambda images, size: 0.5 + torch.rand(images, 1, *size),
    'normal': lambda images, size: F.normalize(torch.randn(images, 3, *size), dim=1),
}
# labels of each image
SHOWN = (('saliency',), ('depth',), ('depth', 'normal'), (), ('saliency',), ('normal',), ('saliency', 'depth'))

Batch = tuple[dict[str, Tensor], dict[str, Tensor], tuple[Tensor, ...], list[MultiTaskDataSample]]


def make_batch(
    shown: Sequence[Sequence[str]] = SHOWN,
    tasks: Mapping[str, Task] = TASKS,
    labels: Mapping[str, MakeLabel] = LABELS,
    *,
    void: float = 0.3,
    crops: bool = False,
    seed: int = 0,
) -> Batch:
    """Return logits (leaves), targets, features (leaves) and samples, one image per entry of ``shown``.

    Args:
        shown: Names of the labels of each image.
        tasks: All tasks.
        labels: Makes the labels of each task.
        void: Fraction of void pixels; 1 for labels without a valid pixel.
        crops: Return every image twice, as `TwoCrops` does: a supervised crop, then one for consistency losses.
        seed: Random seed.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        count = len(shown) * (2 if crops else 1)
        logits = {name: torch.randn(count, task.channels, *SIZE).requires_grad_() for name, task in tasks.items()}
        targets = {}
        for name, task in tasks.items():
            hidden = torch.rand(count, 1, *SIZE) < void
            targets[name] = torch.where(hidden, torch.tensor(task.void, dtype=task.dtype), labels[name](count, SIZE))
        samples = [make_sample(index, shown, targets, crops) for index in range(count)]
        for name, task in tasks.items():
            for index, sample in enumerate(samples):
                if name not in sample.gt:
                    targets[name][index] = task.void
        features = tuple(
            torch.randn(count, channels, SIZE[0] // stride, SIZE[1] // stride).requires_grad_()
            for channels, stride in zip(IN_CHANNELS, STRIDES, strict=True)
        )
    return logits, targets, features, samples


def make_sample(
    index: int, shown: Sequence[Sequence[str]], targets: Mapping[str, Tensor], crops: bool
) -> MultiTaskDataSample:
    """Return the sample at one index of the batch."""
    names = shown[index // 2 if crops else index]
    sample = MultiTaskDataSample(
        metainfo={'img_shape': SIZE, 'img_path': f'{index}.png', 'view': 0, 'num_views': 1},
        gt=PixelData(**{name: targets[name][index].clone() for name in names}),
    )
    if crops:
        second = {'supervision_role': 'consistency', 'window': (1 + index % 4, 2, 10, 16), 'zoom': 1.5}
        sample.set_metainfo(second if index % 2 else {'supervision_role': 'supervised'})
    return sample


def select_batch(batch: Batch, indices: Sequence[int]) -> Batch:
    """Return the images at the given indices, as leaves again."""
    logits, targets, features, samples = batch
    indices = list(indices)
    return (
        {name: values.detach()[indices].requires_grad_() for name, values in logits.items()},
        {name: values[indices] for name, values in targets.items()},
        tuple(values.detach()[indices].requires_grad_() for values in features),
        [samples[index] for index in indices],
    )
