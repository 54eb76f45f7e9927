"""600 iterations on small generated rooms: AdamW 2e-3, a short warm-up, cosine decay, gradient norm clipped at 10."""

from mmengine.config import read_base
from mmengine.optim import CosineAnnealingLR, LinearLR
from torch.optim import AdamW

from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from ..default_runtime import *

optim_wrapper = dict(
    type=FiniteOptimWrapper,
    optimizer=dict(type=AdamW, lr=2e-3, weight_decay=1e-4, fused=True),
    clip_grad=dict(max_norm=10),
)
param_scheduler = [
    dict(type=LinearLR, start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type=CosineAnnealingLR, by_epoch=False, T_max=600, eta_min=1e-5),
]
default_hooks['checkpoint'].update(by_epoch=False, interval=600)
default_hooks['logger'].update(log_metric_by_epoch=False)
log_processor = dict(by_epoch=False)
train_cfg = dict(by_epoch=False, max_iters=600, val_interval=600)
val_cfg = dict()
test_cfg = dict()
