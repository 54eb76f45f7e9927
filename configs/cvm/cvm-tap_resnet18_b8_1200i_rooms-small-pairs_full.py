"""CvM that looks through the network's own eyes: s(.) is ResNet's map at 1/4 and no CNN beside it."""

from mmengine.config import read_base

from mmmtl.models.necks import CrossViewModule

with read_base():
    from .._base_.datasets.rooms_small_pairs import *
    from .._base_.default_runtime import *
    from .._base_.models.aspp_resnet18_pairs import *
    from .._base_.schedules.rooms_1200i import *

model.update(neck=dict(
    type=CrossViewModule, taps=(0,), fusion_stride=None, stride=4, identity_start=True, source=0,
    cost_volume=dict(planes=64, depth_range='indoor')))
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
default_hooks['checkpoint'].update(interval=600)
