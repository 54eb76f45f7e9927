"""Direct-Map that comes in over half the training: a small SegNet on small generated rooms, one label per image."""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel
from mmmtl.hooks import ConsistencyRampHook

with read_base():
    from .._base_.rooms_small_direct_map import *

train_dataloader['dataset'].update(label_setting=dict(type=OneLabel))
custom_hooks = [dict(type=ConsistencyRampHook, name='direct_map', iterations=400)]
