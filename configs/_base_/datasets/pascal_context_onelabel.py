"""PASCAL-Context, five tasks, one label on each image: MTPSL's published draw."""

from mmengine.config import read_base

from mmmtl.datasets import LabelTable

with read_base():
    from .pascal_context_sak import *

train_dataloader['dataset'].update(label_setting=dict(type=LabelTable, table='pascal_onelabel'))
