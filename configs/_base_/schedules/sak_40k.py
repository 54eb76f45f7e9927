"""Second stage of SAK: AdamW 2e-5, polynomial decay (power 0.9) to 0 over 40,000 steps, gradient norm clipped at 10."""

from mmengine.config import read_base
from mmengine.optim import PolyLR
from torch.optim import AdamW

from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from ..default_runtime import *

optim_wrapper = dict(
    type=FiniteOptimWrapper,
    optimizer=dict(type=AdamW, lr=2e-5, weight_decay=1e-6),
    clip_grad=dict(max_norm=10),
)
param_scheduler = [dict(type=PolyLR, by_epoch=False, power=0.9, begin=0, end=40000, eta_min=0.0)]
default_hooks['checkpoint'].update(by_epoch=False, interval=4000)
default_hooks['logger'].update(log_metric_by_epoch=False)
log_processor = dict(by_epoch=False)
train_cfg = dict(by_epoch=False, max_iters=40000, val_interval=20000)  # the last checkpoint is reported
val_cfg = dict()
test_cfg = dict()
