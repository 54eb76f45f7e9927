"""CvM without the cost volume C: only the cross-view features F join the finest map."""

from mmengine.config import read_base

from mmmtl.models.necks import CrossViewModule

with read_base():
    from .._base_.datasets.rooms_small_pairs import *
    from .._base_.default_runtime import *
    from .._base_.models.aspp_resnet18_pairs import *
    from .._base_.schedules.rooms_1200i import *

model.update(neck=dict(
    type=CrossViewModule, taps=(0,), fusion_stride=None, stride=4, identity_start=True, fuse=('features',)))
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
default_hooks['checkpoint'].update(interval=600)
