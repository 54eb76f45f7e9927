"""MTPSL without the regulariser: a small SegNet on small generated rooms, one label per image."""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel

with read_base():
    from .._base_.rooms_small_cross_task import *

train_dataloader['dataset'].update(label_setting=dict(type=OneLabel))
model['consistency_losses']['cross_task'].update(regularizer=0.0)
