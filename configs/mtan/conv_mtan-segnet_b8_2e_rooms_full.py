"""MTAN on generated rooms, every label shown."""

from mmengine.config import read_base

from mmmtl.models.backbones import MTANSegNet

with read_base():
    from .._base_.datasets.synthetic_rooms import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.rooms_2e import *

model['backbone'] = dict(type=MTANSegNet)
model['decode_head'].update(own_maps=True)
