"""2 epochs on generated rooms: AdamW 2e-3, a short warm-up, cosine decay."""

from mmengine.config import read_base
from mmengine.optim import CosineAnnealingLR, LinearLR
from torch.optim import AdamW

from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from ..default_runtime import *

optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=AdamW, lr=2e-3, weight_decay=1e-4, fused=True))
param_scheduler = [
    dict(type=LinearLR, start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type=CosineAnnealingLR, by_epoch=True, convert_to_iter_based=True, T_max=2, eta_min=1e-5),
]
train_cfg = dict(by_epoch=True, max_epochs=2, val_interval=2)
val_cfg = dict()
test_cfg = dict()
