"""Baseline of CvM from rooms to photographs: the same network, images and steps without the cross-view module.

EfficientNet-Lite0 from ImageNet and a feature pyramid. Photographs only choose the checkpoint.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.rooms_to_two_view_pairs import *
    from .._base_.models.fpn_lite0 import *
    from .._base_.schedules.pairs_540i import *

model.update(tasks=tasks, loss_weighting=dict())
optim_wrapper['optimizer'].update(lr=1e-3)
param_scheduler[-1].update(T_max=700)
train_cfg.update(max_iters=700, val_interval=175)
default_hooks['checkpoint'].update(interval=175, save_best='two_views/depth/abs_rel', rule='less')
