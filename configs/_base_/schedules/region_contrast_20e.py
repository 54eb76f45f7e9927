"""Schedule of region contrast (Li et al., ECCV 2024): Adam, two cosines from 5e-4 to 1e-6 in 20 epochs."""

from mmengine.config import read_base
from mmengine.optim.scheduler import CosineRestartLR
from torch.optim import Adam

from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from ..default_runtime import *

optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=Adam, lr=5e-4))
param_scheduler = [dict(type=CosineRestartLR, periods=[10] * 2, restart_weights=[1.0] * 2, eta_min=1e-6, by_epoch=True)]
train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=20)
val_cfg = dict()
test_cfg = dict()
