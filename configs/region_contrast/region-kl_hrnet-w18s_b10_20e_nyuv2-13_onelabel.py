"""Region-aware Gaussian contrast by KL divergence (table 5): HRNet-w18 on NYUv2, one label per image."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import RegionContrast

with read_base():
    from .._base_.models.hrnet_w18s import *
    from .._base_.region_contrast.nyuv2_onelabel import *

model.update(consistency_losses=dict(region_contrast=dict(type=RegionContrast, weight=0.15, compare='kl')))
