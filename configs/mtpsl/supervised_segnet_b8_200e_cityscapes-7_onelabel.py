"""Supervised learning of MTPSL's table 1: SegNet on Cityscapes, one label per image."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cityscapes_7_onelabel import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *
