"""CvM with ResNet-18 on rooms: C and F join the deepest map at stride 8; 128 planes from 0.5 m to 10 m."""

from mmengine.config import read_base

from mmmtl.models.necks import CrossViewModule

with read_base():
    from ..baseline.aspp_resnet18_b16_10k_rooms_pairs_full import *

model.update(neck=dict(type=CrossViewModule, fusion=dict(taps=(3,)), cost_volume=dict(depth_range='indoor')))
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
