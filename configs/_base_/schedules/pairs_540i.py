"""540 iterations on pairs of photographs (30 epochs of 140 images), otherwise the same as ``rooms_600i``.

In mixed precision, which is bf16 on a CPU.
"""

from mmengine.config import read_base

from mmmtl.optim import MixedPrecisionOptimWrapper

with read_base():
    from .rooms_600i import *

optim_wrapper.update(type=MixedPrecisionOptimWrapper)
param_scheduler[-1].update(T_max=540)
default_hooks['checkpoint'].update(interval=540)
train_cfg.update(max_iters=540, val_interval=540)
