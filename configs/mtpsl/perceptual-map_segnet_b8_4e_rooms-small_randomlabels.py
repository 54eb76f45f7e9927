"""Perceptual-Map (X-task), a rival of MTPSL: a small SegNet on small generated rooms, one or two labels per image."""

from mmengine.config import read_base

from mmmtl.datasets import RandomLabels

with read_base():
    from .._base_.rooms_small_perceptual_map import *

train_dataloader['dataset'].update(label_setting=dict(type=RandomLabels))
