"""Losses of a task, chosen by e.g. ``tasks.depth.loss=dict(type='SILog')``. The contract of a loss is `Loss`."""

from mmmtl.tasks.losses.classes import BalancedCrossEntropy, CrossEntropy, Dice, Focal
from mmmtl.tasks.losses.directions import Angular, Cosine
from mmmtl.tasks.losses.fractions import BalancedBinaryCrossEntropy, BinaryCrossEntropy
from mmmtl.tasks.losses.loss import SPACES, ImageLoss, Loss, PixelLoss, build_loss
from mmmtl.tasks.losses.values import L1, L2, BerHu, SILog

__all__ = [
    'L1',
    'L2',
    'SPACES',
    'Angular',
    'BalancedBinaryCrossEntropy',
    'BalancedCrossEntropy',
    'BerHu',
    'BinaryCrossEntropy',
    'Cosine',
    'CrossEntropy',
    'Dice',
    'Focal',
    'ImageLoss',
    'Loss',
    'PixelLoss',
    'SILog',
    'build_loss',
]
