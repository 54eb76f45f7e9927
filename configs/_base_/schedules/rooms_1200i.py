"""1200 steps on small generated rooms in mixed precision (bf16 on a CPU), otherwise as 600."""

from mmengine.config import read_base

from mmmtl.optim import MixedPrecisionOptimWrapper

with read_base():
    from .rooms_600i import *

optim_wrapper.update(type=MixedPrecisionOptimWrapper)
param_scheduler[-1].update(T_max=1200)
train_cfg.update(max_iters=1200, val_interval=1200)
