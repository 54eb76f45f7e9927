"""Supervised learning of MTPSL's tables 2 and 6: SegNet on NYUv2, one or two labels per image."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.nyuv2_13_randomlabels import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *
