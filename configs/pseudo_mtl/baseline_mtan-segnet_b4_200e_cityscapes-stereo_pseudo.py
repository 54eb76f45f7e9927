"""Table 3. MTAN: a shared SegNet and attention for each task."""

from mmengine.config import read_base

from mmmtl.models.backbones import MTANSegNet

with read_base():
    from .._base_.datasets.cityscapes_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model['backbone'] = dict(type=MTANSegNet)
model['decode_head'].update(own_maps=True)
