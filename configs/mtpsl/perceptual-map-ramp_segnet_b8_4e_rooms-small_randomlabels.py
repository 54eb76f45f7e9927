"""Perceptual-Map that comes in over half the training: a small SegNet on small rooms, one or two labels."""

from mmengine.config import read_base

from mmmtl.datasets import RandomLabels
from mmmtl.hooks import ConsistencyRampHook

with read_base():
    from .._base_.rooms_small_perceptual_map import *

train_dataloader['dataset'].update(label_setting=dict(type=RandomLabels))
custom_hooks = [dict(type=ConsistencyRampHook, name='perceptual_map', iterations=400)]
