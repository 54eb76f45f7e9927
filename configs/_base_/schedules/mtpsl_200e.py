"""Schedule of MTPSL: 200 epochs of Adam, learning rate 1e-4, halved after 100 (Li, Liu and Bilen, CVPR 2022)."""

from mmengine.config import read_base
from mmengine.optim import StepLR
from torch.optim import Adam

from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from ..default_runtime import *

optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=Adam, lr=1e-4))
param_scheduler = [dict(type=StepLR, by_epoch=True, step_size=100, gamma=0.5)]
train_cfg = dict(by_epoch=True, max_epochs=200, val_interval=10)
val_cfg = dict()
test_cfg = dict()
