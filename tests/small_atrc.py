"""ATRC of the golden values: 112 channels, four tasks with few classes, and the published keys."""

import torch
from golden_fill import published_weights

from mmmtl.models.decode_heads import ATRCHead
from mmmtl.tasks import Depth, Edge, Normal, SemSeg, Task
from mmmtl.tasks.label_classes import ClassifiedTask, LogDepthBins, NearestDirection

IN_CHANNELS, STRIDES = (16, 24, 32, 40), (4, 8, 16, 32)
GENOTYPE = dict(
    semseg=dict(semseg='global', depth='t-label', normal='s-label'),
    depth=dict(semseg='s-label', normal='global', edge='t-label'),
    normal=dict(semseg='t-label', depth='global', normal='global', edge='s-label'),
)


class EightBins(Depth):
    """Depth in as many bins as the golden values have."""

    @property
    def as_classes(self) -> Task:
        return ClassifiedTask(self, LogDepthBins(count=8))


class SevenDirections(Normal):
    """Normals in as many classes as the golden values have."""

    @property
    def as_classes(self) -> Task:
        return ClassifiedTask(self, NearestDirection(7))


TASKS: dict[str, Task] = dict(
    semseg=SemSeg('semseg', 'abcde'), depth=EightBins('depth'), normal=SevenDirections('normal'), edge=Edge('edge')
)


def published_atrc() -> dict[str, torch.Tensor]:
    """Parameters of the reference's head by its own keys."""
    return published_weights('atrc_shared_keys.json')


def small_atrc() -> ATRCHead:
    """The head of the golden values, not yet filled."""
    return ATRCHead(TASKS, IN_CHANNELS, STRIDES, genotype=GENOTYPE)
