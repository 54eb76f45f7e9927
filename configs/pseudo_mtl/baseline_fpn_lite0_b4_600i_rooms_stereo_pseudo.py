"""Baseline of Pseudo-MTL from a pretrained encoder: pseudo disparity, no confidence, no losses between the views."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import ConfidentRegression

with read_base():
    from .._base_.datasets.rooms_stereo import *
    from .._base_.models.fpn_lite0 import *
    from .._base_.schedules.rooms_600i import *

model.update(
    tasks=tasks,
    loss_weighting=dict(weights=dict(semseg=2 * 2.5)),  # the paper: 2.5 times the sum, not the mean, over both views
    consistency_losses=dict(regression=dict(type=ConfidentRegression, confidence='off')),
)
optim_wrapper['optimizer'].update(lr=1e-3)
train_dataloader['sampler'].update(endless=True)
