"""MTAN of MTPSL's table 5: per-task attention on SegNet, NYUv2 with 13 classes, every label shown."""

from mmengine.config import read_base

from mmmtl.models.backbones import MTANSegNet

with read_base():
    from .._base_.datasets.nyuv2_13_mtan import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model['backbone'] = dict(type=MTANSegNet)
model['decode_head'].update(own_maps=True)
