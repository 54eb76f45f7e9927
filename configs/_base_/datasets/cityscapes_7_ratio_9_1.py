"""Cityscapes with 7 classes, depth on a tenth of the images and segmentation on the others; a draw of our own."""

from mmengine.config import read_base

from mmmtl.datasets import LabelRatio

with read_base():
    from .cityscapes_7_mtan import *

train_dataloader['dataset'].update(label_setting=dict(type=LabelRatio, ratio=dict(semseg=9, depth=1)))
