"""Small instances of every consistency loss between tasks, by name."""

import pytest
import torch
from partial_batches import CHANNELS, EXACT

from mmmtl.models.consistency_losses import (
    ConsistencyLoss,
    ContrastiveLoss,
    CrossTaskConsistency,
    DirectMap,
    DiscriminatorLoss,
    PerceptualMap,
    RegionContrast,
    SemiSupervised,
)
from mmmtl.tasks import Task

SPACE, NETWORK = dict(space=dict(widths=(6, CHANNELS))), dict(network=dict(widths=(4, 6)))
LOSSES: dict[str, tuple[type[ConsistencyLoss], dict]] = {
    'ours': (CrossTaskConsistency, SPACE),
    'ours, all tasks': (CrossTaskConsistency, SPACE | dict(from_tasks='all')),
    'ours, w/o reg': (CrossTaskConsistency, SPACE | dict(regularizer=0.0)),
    'ours, w/o cond': (CrossTaskConsistency, dict(space=dict(widths=(6, CHANNELS), conditioned=False))),
    'semi-supervised': (SemiSupervised, {}),
    'direct map': (DirectMap, NETWORK),
    'perceptual map': (PerceptualMap, NETWORK),
    'contrastive': (ContrastiveLoss, SPACE),
    'discriminator': (DiscriminatorLoss, SPACE),
    'region contrast': (RegionContrast, SPACE | dict(regions=dict(patches=(2, 2)))),
}
every_loss = pytest.mark.parametrize('name', LOSSES)


def make_loss(name: str, tasks: dict[str, Task] = EXACT, **options) -> ConsistencyLoss:
    torch.manual_seed(0)
    kind, own_options = LOSSES[name]
    return kind(tasks, (4, CHANNELS), (1, 4), **own_options, **options)
