"""HRNet-w18 on NYUv2 with full labels, with the recipe of region contrast (Li et al., ECCV 2024)."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.nyuv2_13_mtan import *
    from .._base_.models.hrnet_w18s import *
    from .._base_.schedules.region_contrast_20e import *

model.update(tasks=tasks)
train_dataloader.update(batch_size=10)
auto_scale_lr.update(base_batch_size=10)
