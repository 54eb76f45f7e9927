"""Real photographs: CvM with ResNet-18 learns depth and derived normals on posed pairs and single views."""

from mmengine.config import read_base

from mmmtl.models.necks import CrossViewModule

with read_base():
    from .._base_.datasets.posed_views_pairs import *
    from .._base_.default_runtime import *
    from .._base_.models.aspp_resnet18_pairs import *
    from .._base_.schedules.pairs_540i import *

model.update(neck=dict(type=CrossViewModule, taps=(3,), cost_volume=dict(planes=64, depth_range='indoor')))
model['loss_weighting'] = dict()
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
default_hooks['checkpoint'].update(interval=540)
