"""Region-aware vector contrast, labels for regions (table 4): HRNet-w18 on NYUv2, every label shown."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import RegionContrast

with read_base():
    from .._base_.models.hrnet_w18s import *
    from .._base_.region_contrast.nyuv2_full import *

# tools/generate_regions.py CONFIG --backend semseg --out $MMMTL_DATA/regions/nyuv2_classes
train_dataloader['dataset'].update(regions='regions/nyuv2_classes')
model.update(consistency_losses=dict(region_contrast=dict(
    type=RegionContrast, weight=0.15, compare='vector', sources='all')))
