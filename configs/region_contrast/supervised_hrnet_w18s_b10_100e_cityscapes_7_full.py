"""HRNet-w18 on Cityscapes with 7 classes and full labels, with the recipe of region contrast (Li et al., ECCV 2024)."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cityscapes_7_mtan import *
    from .._base_.models.hrnet_w18s import *
    from .._base_.schedules.region_contrast_20e import *

model.update(tasks=tasks)
train_dataloader.update(batch_size=10)
auto_scale_lr.update(base_batch_size=10)
param_scheduler[0].update(periods=[10] * 10, restart_weights=[1.0] * 10)
train_cfg.update(max_epochs=100, val_interval=100)
