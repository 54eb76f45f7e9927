"""Cityscapes with 7 classes, segmentation on a tenth of the images and depth on the others; a draw of our own."""

from mmengine.config import read_base

from mmmtl.datasets import LabelRatio

with read_base():
    from .cityscapes_7_mtan import *

train_dataloader['dataset'].update(label_setting=dict(type=LabelRatio, ratio=dict(semseg=1, depth=9)))
