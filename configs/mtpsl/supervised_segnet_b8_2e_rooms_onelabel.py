"""Supervised learning: SegNet on generated rooms, one label per image."""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel

with read_base():
    from .._base_.rooms_segnet import *

train_dataloader['dataset'].update(label_setting=dict(type=OneLabel))
