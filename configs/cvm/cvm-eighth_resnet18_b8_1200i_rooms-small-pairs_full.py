"""CvM as the paper states it, at 1/8, where C and F join the deepest map: little parallax in images of 64 x 80."""

from mmengine.config import read_base

from mmmtl.models.necks import CrossViewModule

with read_base():
    from .._base_.datasets.rooms_small_pairs import *
    from .._base_.default_runtime import *
    from .._base_.models.aspp_resnet18_pairs import *
    from .._base_.schedules.rooms_1200i import *

model.update(neck=dict(
    type=CrossViewModule, taps=(3,), identity_start=True, cost_volume=dict(planes=64, depth_range='indoor')))
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
default_hooks['checkpoint'].update(interval=600)
