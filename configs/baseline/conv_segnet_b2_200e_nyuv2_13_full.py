"""SegNet on NYUv2 with 13 classes and full labels, with the recipe of MTPSL (Li, Liu and Bilen, CVPR 2022)."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.nyuv2_13_mtan import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model.update(tasks=tasks)
