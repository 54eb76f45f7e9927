"""SegNet on Cityscapes with 7 classes and full labels, with the recipe of MTPSL (Li, Liu and Bilen, CVPR 2022)."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cityscapes_7_mtan import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model.update(tasks=tasks)
