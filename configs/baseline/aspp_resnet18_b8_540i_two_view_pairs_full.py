"""Baseline of CvM on photographs: the same network, images and steps without the cross-view module."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.posed_views_pairs import *
    from .._base_.models.aspp_resnet18_pairs import *
    from .._base_.schedules.pairs_540i import *

model['loss_weighting'] = dict()
model.update(tasks=tasks)
train_dataloader['sampler'].update(endless=True)
