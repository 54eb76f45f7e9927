"""1200 steps on small generated rooms, otherwise as 600."""

from mmengine.config import read_base

with read_base():
    from .rooms_600i import *

param_scheduler[-1].update(T_max=1200)
train_cfg.update(max_iters=1200, val_interval=1200)
