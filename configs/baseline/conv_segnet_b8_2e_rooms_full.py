"""SegNet with the heads of MTPSL on generated rooms; its published weights can be converted; images in [0, 1]."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.synthetic_rooms import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.rooms_2e import *

model.update(tasks=tasks)
