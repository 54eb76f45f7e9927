"""The baseline of the decoders: EfficientNet-Lite0 from ImageNet and a feature pyramid that the tasks share.

400 steps in mixed precision, which is bf16 on a CPU.
"""

from mmengine.config import read_base

from mmmtl.optim import MixedPrecisionOptimWrapper

with read_base():
    from .._base_.datasets.rooms_128 import *
    from .._base_.models.fpn_lite0 import *
    from .._base_.schedules.rooms_600i import *

model.update(tasks=tasks, loss_weighting=dict(weights=dict(normal=2.0)))
train_dataloader['sampler'].update(endless=True)
optim_wrapper.update(type=MixedPrecisionOptimWrapper)
optim_wrapper['optimizer'].update(lr=1e-3)  # half of the rate from scratch, for a pretrained encoder
param_scheduler[-1].update(T_max=400)
default_hooks['checkpoint'].update(interval=400)
train_cfg.update(max_iters=400, val_interval=400)
