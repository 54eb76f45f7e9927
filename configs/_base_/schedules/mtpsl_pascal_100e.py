"""Schedule of MTPSL on PASCAL-Context: Adam 1e-4, polynomial decay (power 0.9) to 0 over 100 epochs."""

from mmengine.config import read_base
from mmengine.optim import PolyLR
from torch.optim import Adam

from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from ..default_runtime import *

optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=Adam, lr=1e-4, weight_decay=1e-4))
# MMEngine reaches eta_min at epoch end - 1; with end=100, the last epoch would train with a learning rate of 0
param_scheduler = [dict(type=PolyLR, by_epoch=True, power=0.9, begin=0, end=101, eta_min=0.0)]
train_cfg = dict(by_epoch=True, max_epochs=100, val_interval=50)
val_cfg = dict()
test_cfg = dict()
