"""CvM with ViT-S/16 on rooms: C and F join all four maps at 1/8; 128 planes between 0.5 m and 10 m."""

from mmengine.config import read_base

from mmmtl.models.necks import CrossViewModule

with read_base():
    from .._base_.datasets.rooms_pairs import *
    from .._base_.default_runtime import *
    from .._base_.models.multitap_vit_s16_pairs import *
    from .._base_.schedules.rooms_10k import *

model.update(neck=dict(type=CrossViewModule, cost_volume=dict(depth_range='indoor')))
optim_wrapper['optimizer'].update(lr=3e-4)
default_hooks['checkpoint'].update(interval=2000)
