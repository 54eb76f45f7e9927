"""Schedule of the survey of Vandenhende et al. (TPAMI 2021): Adam 1e-4, polynomial decay (0.9) over 100 epochs."""

from mmengine.config import read_base
from mmengine.optim import PolyLR
from torch.optim import Adam

from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from ..default_runtime import *

optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=Adam, lr=1e-4, weight_decay=1e-4))
param_scheduler = [dict(type=PolyLR, power=0.9, begin=0, end=100, eta_min=0.0, convert_to_iter_based=True)]
train_cfg = dict(by_epoch=True, max_epochs=100, val_interval=50)  # the last checkpoint is reported
val_cfg = dict()
test_cfg = dict()
