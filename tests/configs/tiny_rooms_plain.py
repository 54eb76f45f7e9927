"""For tests of several processes: no batch norm, no augmentation, no drop-path, and every room shows one label."""

from mmengine.config import read_base
from torch.optim import SGD

from mmmtl.datasets import OneLabel

with read_base():
    from .tiny_rooms import *

train_dataloader['dataset'].update(pipeline=_whole, label_setting=dict(type=OneLabel))
model['backbone'].update(drop_path_rate=0.0)
model['decode_head']['head'].update(norm=None)
optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=SGD, lr=0.05, momentum=0.9))
param_scheduler = None
train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=3)
