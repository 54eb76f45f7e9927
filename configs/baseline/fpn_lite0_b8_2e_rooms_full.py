"""The demo: EfficientNet-Lite0 from ImageNet and a feature pyramid on generated rooms, all labels, 2 passes."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.synthetic_rooms import *
    from .._base_.models.fpn_lite0 import *
    from .._base_.schedules.rooms_2e import *

model.update(tasks=tasks, loss_weighting=dict(weights=dict(normal=2.0)))
optim_wrapper['optimizer'].update(lr=1e-3)  # half of the rate from scratch, for a pretrained encoder
