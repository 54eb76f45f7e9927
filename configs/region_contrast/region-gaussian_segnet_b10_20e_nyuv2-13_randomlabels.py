"""Region-aware Gaussian contrast (table 1): SegNet on NYUv2, one or two labels per image."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import RegionContrast

with read_base():
    from .._base_.models.mtpsl_segnet import *
    from .._base_.region_contrast.nyuv2_randomlabels import *

model.update(consistency_losses=dict(region_contrast=dict(type=RegionContrast, weight=0.15)))
