"""The tiny rooms with a loop of iterations."""

from mmengine.config import read_base

with read_base():
    from .tiny_rooms import *

train_cfg = dict(by_epoch=False, max_iters=15, val_interval=4)
default_hooks['checkpoint'].update(interval=2)
