"""Batches of images that show a part of their labels, with predictions and features made up: for consistency losses."""

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
CHANNELS = 8  # of the last feature, whose stride is 4
IN_CHANNELS, STRIDES = (4, CHANNELS), (1, 4)
# no chance is at play in the encoding of these tasks
TASKS: dict[str, Task] = {'saliency': Saliency('saliency'), 'depth': Depth('depth'), 'normal': Normal('normal')}
LABELS: dict[str, MakeLabel] = {
    'saliency': lambda images, size: (torch.rand(images, 1, *size) < 0.4).float(),
    'depth': lambda images, size: 0.5 + torch.rand(images, 1, *size),
    'normal': lambda images, size: F.normalize(torch.randn(images, 3, *size), dim=1),
}
# which labels the images show
SHOWN = (('saliency',), ('depth',), ('depth', 'normal'), (), ('saliency',), ('normal',), ('saliency', 'depth'))

Batch = tuple[dict[str, Tensor], dict[str, Tensor], tuple[Tensor, Tensor], list[MultiTaskDataSample]]


def make_batch(
    shown: Sequence[Sequence[str]] = SHOWN,
    tasks: Mapping[str, Task] = TASKS,
    labels: Mapping[str, MakeLabel] = LABELS,
    *,
    void: float = 0.3,
    crops: bool = False,
    seed: int = 0,
) -> Batch:
    """Logits (leaves), targets, features (leaves) and samples, one per entry of ``shown``.

    Args:
        shown: Names of the labels that each image shows.
        tasks: All of them.
        labels: How each task's labels are made.
        void: Fraction of void pixels; 1 for labels that are there and state nothing.
        crops: Every image twice, as `TwoCrops` packs it: once for the tasks and once, behind it, for consistency.
        seed: Of all numbers.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        count = len(shown) * (2 if crops else 1)
        logits = {name: torch.randn(count, task.channels, *SIZE).requires_grad_() for name, task in tasks.items()}
        targets = {}
        for name, task in tasks.items():
            hidden = torch.rand(count, 1, *SIZE) < void
            targets[name] = torch.where(hidden, torch.tensor(task.void, dtype=task.dtype), labels[name](count, SIZE))
        samples = [make_sample(number, shown, targets, crops) for number in range(count)]
        for name, task in tasks.items():
            for number, sample in enumerate(samples):
                if name not in sample.gt:
                    targets[name][number] = task.void
        features = tuple(
            torch.randn(count, channels, SIZE[0] // stride, SIZE[1] // stride).requires_grad_()
            for channels, stride in zip(IN_CHANNELS, STRIDES, strict=True)
        )
    return logits, targets, features, samples


def make_sample(
    number: int, shown: Sequence[Sequence[str]], targets: Mapping[str, Tensor], crops: bool
) -> MultiTaskDataSample:
    """The sample at one place of the batch."""
    names = shown[number // 2 if crops else number]
    sample = MultiTaskDataSample(
        metainfo={'img_shape': SIZE, 'img_path': f'{number}.png', 'view': 0, 'views': 1},
        gt=PixelData(**{name: targets[name][number].clone() for name in names}),
    )
    if crops:
        second = {'supervision_role': 'consistency', 'window': (1 + number % 4, 2, 10, 16), 'zoom': 1.5}
        sample.set_metainfo(second if number % 2 else {'supervision_role': 'supervised'})
    return sample


def select_images_of(batch: Batch, indices: Sequence[int]) -> Batch:
    """The images at some places, as leaves again."""
    logits, targets, features, samples = batch
    indices = list(indices)
    return (
        {name: values.detach()[indices].requires_grad_() for name, values in logits.items()},
        {name: values[indices] for name, values in targets.items()},
        tuple(values.detach()[indices].requires_grad_() for values in features),
        [samples[n] for n in indices],
    )
