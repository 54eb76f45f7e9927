"""Table 3. Cross-stitch: a SegNet for each task, their maps mixed."""

from mmengine.config import read_base

from mmmtl.models.backbones import CrossStitchSegNet

with read_base():
    from .._base_.datasets.cityscapes_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model['backbone'] = dict(type=CrossStitchSegNet)
model['decode_head'].update(own_maps=True)
# as in configs/cross_stitch
optim_wrapper.update(paramwise_cfg=dict(custom_keys=dict(stitches=dict(lr_mult=100.0))))
