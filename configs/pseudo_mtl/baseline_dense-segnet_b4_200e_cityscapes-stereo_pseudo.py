"""Table 3. Dense: a shared SegNet, and one for each task that sees all of its maps."""

from mmengine.config import read_base

from mmmtl.models.backbones import DenseSegNet

with read_base():
    from .._base_.datasets.cityscapes_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model['backbone'] = dict(type=DenseSegNet)
model['decode_head'].update(own_maps=True)
