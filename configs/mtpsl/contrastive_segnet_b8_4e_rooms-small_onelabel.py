"""Contrastive-Loss, a rival of MTPSL: a small SegNet on small generated rooms, one label per image."""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel
from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import ContrastiveLoss

with read_base():
    from .._base_.rooms_small_segnet import *

train_dataloader['dataset'].update(label_setting=dict(type=OneLabel))
train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(contrastive=dict(type=ContrastiveLoss, space=dict(widths=(16, 24, 32, 32)))))
