"""Cross-stitch networks on generated rooms, every label shown."""

from mmengine.config import read_base

from mmmtl.models.backbones import CrossStitchSegNet

with read_base():
    from .._base_.datasets.synthetic_rooms import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.rooms_2e import *

model['backbone'] = dict(type=CrossStitchSegNet)
model['decode_head'].update(own_maps=True)
# the mixing weights learn faster than the networks, as the paper wants it; by how much is our choice
optim_wrapper.update(paramwise_cfg=dict(custom_keys=dict(stitches=dict(lr_mult=100.0))))
