"""Region-aware pixel contrast (table 2): HRNet-w18 on Cityscapes, one label per image."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import RegionContrast

with read_base():
    from .._base_.models.hrnet_w18s import *
    from .._base_.region_contrast.cityscapes_onelabel import *

model.update(consistency_losses=dict(region_contrast=dict(type=RegionContrast, weight=0.15, compare='pixel')))
