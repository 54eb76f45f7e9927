"""MTPSL whose consistency comes in over the first half of the training: a small SegNet on small rooms, one label.

As in a variant of the published code, where 100 of 200 epochs pass until the weight is full.
"""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel
from mmmtl.hooks import ConsistencyRampHook

with read_base():
    from .._base_.rooms_small_cross_task import *

train_dataloader['dataset'].update(label_setting=dict(type=OneLabel))
custom_hooks = [dict(type=ConsistencyRampHook, name='cross_task', iterations=400)]
