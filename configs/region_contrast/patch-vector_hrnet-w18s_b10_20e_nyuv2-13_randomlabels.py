"""Patch-aware vector contrast (table 3): HRNet-w18 on NYUv2, one or two labels per image."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import RegionContrast

with read_base():
    from .._base_.models.hrnet_w18s import *
    from .._base_.region_contrast.nyuv2_randomlabels import *

train_dataloader['dataset'].update(regions=None)
model.update(consistency_losses=dict(region_contrast=dict(
    type=RegionContrast, weight=0.15, compare='vector', patches=(4, 4))))
