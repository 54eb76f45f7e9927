"""10,000 iterations on generated rooms: AdamW 1e-3, a longer warm-up, otherwise the same as ``rooms_600i``."""

from mmengine.config import read_base

with read_base():
    from .rooms_600i import *

optim_wrapper['optimizer'].update(lr=1e-3)
param_scheduler[0].update(end=200)
param_scheduler[-1].update(T_max=10000)
default_hooks['checkpoint'].update(interval=2000)
train_cfg.update(max_iters=10000, val_interval=5000)
