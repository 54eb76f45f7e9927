"""Baseline of CvM with DINOv3 ViT-L on rooms: the same network, images and steps without the cross-view module."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.rooms_pairs import *
    from .._base_.models.multitap_dinov3_vit_l16 import *
    from .._base_.schedules.rooms_10k import *

optim_wrapper['optimizer'].update(lr=2e-5)
model['loss_weighting'] = dict(weights=dict(normal=2.0))
model.update(tasks=tasks)
train_dataloader['sampler'].update(endless=True)
