"""Cityscapes with 7 classes, one label on each image: MTPSL's published draw."""

from mmengine.config import read_base

from mmmtl.datasets import LabelTable

with read_base():
    from .cityscapes_7_mtan import *

train_dataloader['dataset'].update(label_setting=dict(type=LabelTable, table='cityscapes_onelabel'))
