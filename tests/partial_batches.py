"""Random batches with partial labels, predictions and features, for consistency losses."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from torch import Tensor

from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Normal, Saliency, SemSeg, Task

SIZE = (16, 24)
CHANNELS = 8  # of the last feature, whose stride is 4
WITH_SEMSEG: dict[str, Task] = {
    'semseg': SemSeg('semseg', ('a', 'b', 'c', 'd')),
    'depth': Depth('depth'),
    'normal': Normal('normal'),
}
EXACT: dict[str, Task] = {'saliency': Saliency('saliency'), 'depth': Depth('depth'), 'normal': Normal('normal')}
# labels of each image; the encodings of these tasks involve no random numbers
SHOWN = (('saliency',), ('depth',), ('depth', 'normal'), (), ('saliency',), ('normal',), ('saliency', 'depth'))

Batch = tuple[dict[str, Tensor], dict[str, Tensor], tuple[Tensor, Tensor], list[MultiTaskDataSample]]


def make_batch(
    shown: Sequence[Sequence[str]] = SHOWN,
    tasks: dict[str, Task] = EXACT,
    *,
    void: float = 0.3,
    crops: bool = False,
    seed: int = 0,
) -> Batch:
    """Logits (leaves), targets, features (leaves) and samples, one per entry of ``shown``.

    Args:
        shown: Names of the labels that each image shows.
        tasks: All of them.
        void: Fraction of void pixels; 1 for labels without a valid pixel.
        crops: Every image twice, as `TwoCrops` packs it: once for the tasks and once, behind it, for consistency.
        seed: Of all numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    count = len(shown) * (2 if crops else 1)
    logits = {
        name: torch.randn(count, task.channels, *SIZE, generator=generator).requires_grad_()
        for name, task in tasks.items()
    }
    values = {
        'semseg': torch.randint(4, (count, 1, *SIZE), generator=generator),
        'saliency': (torch.rand(count, 1, *SIZE, generator=generator) < 0.4).float(),
        'depth': 0.5 + torch.rand(count, 1, *SIZE, generator=generator),
        'normal': F.normalize(torch.randn(count, 3, *SIZE, generator=generator), dim=1),
    }
    targets, samples = {}, []
    for name, task in tasks.items():
        hidden = torch.rand(count, 1, *SIZE, generator=generator) < void
        targets[name] = torch.where(hidden, torch.tensor(task.void, dtype=task.dtype), values[name])
    for number in range(count):
        names = shown[number // 2 if crops else number]
        sample = MultiTaskDataSample(
            metainfo={'img_shape': SIZE, 'img_path': f'{number}.png', 'view': 0, 'num_views': 1},
            gt=PixelData(**{name: targets[name][number] for name in names}),
        )
        if crops:
            second = {'supervision_role': 'consistency', 'window': (1 + number, 2, 10, 16), 'zoom': 1.5}
            sample.set_metainfo(second if number % 2 else {'supervision_role': 'supervised'})
        samples.append(sample)
        for name, task in tasks.items():
            if name not in names:
                targets[name][number] = task.void
    features = (
        torch.randn(count, 4, *SIZE, generator=generator).requires_grad_(),
        torch.randn(count, CHANNELS, SIZE[0] // 4, SIZE[1] // 4, generator=generator).requires_grad_(),
    )
    return logits, targets, features, samples


def pick(batch: Batch, indices: Sequence[int]) -> Batch:
    """The images at some places, as leaves again."""
    logits, targets, features, samples = batch
    indices = list(indices)
    return (
        {name: values.detach()[indices].requires_grad_() for name, values in logits.items()},
        {name: values[indices] for name, values in targets.items()},
        tuple(values.detach()[indices].requires_grad_() for values in features),
        [samples[n] for n in indices],
    )
