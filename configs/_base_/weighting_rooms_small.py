"""The ground of the weightings on small rooms: 2 passes, 400 steps, for some of them take twice as long a step."""

from mmengine.config import read_base

with read_base():
    from .rooms_small_segnet import *

param_scheduler[-1].update(T_max=2)
train_cfg.update(max_epochs=2, val_interval=2)
