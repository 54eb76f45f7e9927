"""Joint training of Pseudo-MTL: Adam 1e-5 for 20 epochs, 1e-6 from the 11th on; starts from pretrained tasks."""

from mmengine.config import read_base
from mmengine.optim import StepLR
from torch.optim import Adam

from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from ..default_runtime import *

optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=Adam, lr=1e-5))
param_scheduler = [dict(type=StepLR, by_epoch=True, step_size=10, gamma=0.1)]
train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=5)
val_cfg = dict()
test_cfg = dict()
