"""Baseline of CvM with ViT-S on rooms: the same network, images and steps without the cross-view module."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.rooms_pairs import *
    from .._base_.models.multitap_vit_s16_pairs import *
    from .._base_.schedules.rooms_10k import *

optim_wrapper['optimizer'].update(lr=3e-4)
model.update(tasks=tasks)
train_dataloader['sampler'].update(endless=True)
