"""MTPSL under full labels: a small SegNet on small generated rooms, all pairs of tasks."""

from mmengine.config import read_base

with read_base():
    from .._base_.rooms_small_cross_task import *

model['consistency_losses']['cross_task'].update(sources='all')
