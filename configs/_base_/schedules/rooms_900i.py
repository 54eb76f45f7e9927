"""900 iterations on small generated rooms in mixed precision (bf16 on a CPU), otherwise the same as ``rooms_600i``."""

from mmengine.config import read_base

from mmmtl.optim import MixedPrecisionOptimWrapper

with read_base():
    from .rooms_600i import *

optim_wrapper.update(type=MixedPrecisionOptimWrapper)
param_scheduler[-1].update(T_max=900)
default_hooks['checkpoint'].update(interval=450)
train_cfg.update(max_iters=900, val_interval=900)
