"""Baseline of CvM on small rooms: the same network, images and steps without the cross-view module."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.rooms_small_pairs import *
    from .._base_.models.aspp_resnet18_pairs import *
    from .._base_.schedules.rooms_900i import *

model.update(tasks=tasks)
train_dataloader['sampler'].update(endless=True)
