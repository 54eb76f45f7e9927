"""NYUv2 with 13 classes, one or two labels on each image: MTPSL's published draw."""

from mmengine.config import read_base

from mmmtl.datasets import LabelTable

with read_base():
    from .nyuv2_13_mtan import *

train_dataloader['dataset'].update(label_setting=dict(type=LabelTable, table='nyuv2_randomlabels'))
