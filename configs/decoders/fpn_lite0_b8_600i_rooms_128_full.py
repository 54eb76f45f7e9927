"""Shared heads, the baseline of the decoders: EfficientNet-Lite0 from ImageNet and a feature pyramid, 600 steps."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.rooms_128 import *
    from .._base_.models.fpn_lite0 import *
    from .._base_.schedules.rooms_600i import *

model.update(tasks=tasks, loss_weighting=dict(weights=dict(normal=2.0)))
train_dataloader['sampler'].update(endless=True)
optim_wrapper['optimizer'].update(lr=1e-3)  # half the rate used from scratch, as the encoder is pretrained
