"""Baseline of Pseudo-MTL from a pretrained encoder: pseudo disparity without confidence, no consistency losses."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import ConfidentRegression

with read_base():
    from .._base_.datasets.rooms_stereo import *
    from .._base_.models.fpn_lite0 import *
    from .._base_.schedules.rooms_600i import *

model.update(
    tasks=tasks,
    loss_weighting=dict(weights=dict(semseg=2 * 2.5)),
    consistency_losses=dict(regression=dict(type=ConfidentRegression, confidence='off')),
)
optim_wrapper['optimizer'].update(lr=1e-3)
train_dataloader['sampler'].update(endless=True)
