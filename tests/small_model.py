"""A small model and small batches."""

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from torch import Tensor, nn

from mmmtl.models import Backbone, MultiTaskModel
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Normal, SemSeg

TASKS = dict(semseg=dict(type=SemSeg, classes=('a', 'b', 'c', 'd')), depth=dict(type=Depth), normal=dict(type=Normal))


class Strided(Backbone):
    """A backbone of one convolution; without batch norm, so that images do not mix."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, stride=2, padding=1)
        self.out_channels, self.strides = (width,), (2,)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return (self.conv(images).relu(),)


def make_model(tasks: dict = TASKS, **kwargs) -> MultiTaskModel:
    torch.manual_seed(0)
    head = dict(type=ConvHead, channels=6, norm=None)
    model = MultiTaskModel(tasks, dict(type=Strided), dict(type=PerTaskHead, head=head), **kwargs)
    for parameter in model.parameters():  # heads begin so small that nothing would be seen
        nn.init.normal_(parameter, std=0.3)
    return model


def make_sample(size: tuple[int, int], seed: int, shown: tuple[str, ...] = tuple(TASKS)) -> MultiTaskDataSample:
    generator = torch.Generator().manual_seed(seed)
    known = torch.rand(1, *size, generator=generator) < 0.7
    labels = {
        'semseg': torch.where(known, torch.randint(4, (1, *size), generator=generator), 255),
        'depth': torch.where(known, 0.5 + torch.rand(1, *size, generator=generator), 0),
        'normal': torch.where(known, F.normalize(torch.randn(3, *size, generator=generator), dim=0), 0),
    }
    return MultiTaskDataSample(
        metainfo=dict(img_shape=size, img_path=f'{seed}.png'), gt=PixelData(**{name: labels[name] for name in shown})
    )


def make_batch(*shown: tuple[str, ...], sizes: tuple = ((8, 10),) * 9) -> dict:
    """Raw images and samples, one per entry of `shown`."""
    generator = torch.Generator().manual_seed(0)
    sizes = sizes[: len(shown)]
    return {
        'inputs': [torch.randint(256, (3, *size), dtype=torch.uint8, generator=generator) for size in sizes],
        'data_samples': [make_sample(size, seed, shown[seed]) for seed, size in enumerate(sizes)],
    }


ALL = tuple(TASKS)
MIXED = (ALL, ('depth',), (), ('semseg', 'normal'))


def losses_of(model: MultiTaskModel, batch: dict) -> dict[str, Tensor]:
    return model(**model.data_preprocessor(batch, True), mode='loss')


def train(model: MultiTaskModel, batch: dict, steps: int, lr: float) -> tuple[list[float], dict[str, Tensor]]:
    """Train on one batch by Adam; the total before each step, and all losses of the last one."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    totals = []
    for _ in range(steps):
        losses = losses_of(model, batch)
        optimizer.zero_grad()
        losses['loss'].backward()
        optimizer.step()
        totals.append(losses['loss'].item())
    return totals, losses
