"""A small SegNet with two convolutions per task on small generated rooms: 4 epochs, 800 steps of 8 images.

In mixed precision, which is bf16 on a CPU.
"""

from mmengine.config import read_base

from mmmtl.optim import MixedPrecisionOptimWrapper

with read_base():
    from .._base_.datasets.rooms_small import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.rooms_2e import *

model.update(tasks=tasks)
model['backbone'].update(widths=(16, 24, 32, 32, 32))
model['decode_head']['head'].update(channels=16)
optim_wrapper.update(type=MixedPrecisionOptimWrapper)
param_scheduler[-1].update(T_max=4)
train_cfg.update(max_epochs=4, val_interval=4)
