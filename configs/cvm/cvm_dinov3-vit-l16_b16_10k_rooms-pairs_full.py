"""CvM with DINOv3 ViT-L/16 on rooms, the cross-view module learning ten times as fast as the pretrained network."""

from mmengine.config import read_base

from mmmtl.models.necks import CrossViewModule

with read_base():
    from .._base_.datasets.rooms_pairs import *
    from .._base_.default_runtime import *
    from .._base_.models.multitap_dinov3_vit_l16 import *
    from .._base_.schedules.rooms_10k import *

model.update(neck=dict(type=CrossViewModule, cost_volume=dict(depth_range='indoor')))
optim_wrapper['optimizer'].update(lr=2e-5)
model['loss_weighting'] = dict(weights=dict(normal=2.0))
optim_wrapper.update(paramwise_cfg=dict(custom_keys=dict(neck=dict(lr_mult=10.0))))
default_hooks['checkpoint'].update(interval=2000)
