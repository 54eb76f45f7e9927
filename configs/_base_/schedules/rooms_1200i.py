"""1200 steps on small generated rooms: AdamW 2e-3 with a short warm-up, a cosine to the end, gradients clipped."""

from mmengine.optim import CosineAnnealingLR, LinearLR
from torch.optim import AdamW

from mmmtl.optim import FiniteOptimWrapper

optim_wrapper = dict(
    type=FiniteOptimWrapper,
    optimizer=dict(type=AdamW, lr=2e-3, weight_decay=1e-4, fused=True),
    clip_grad=dict(max_norm=10),
)
param_scheduler = [
    dict(type=LinearLR, start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type=CosineAnnealingLR, by_epoch=False, T_max=1200, eta_min=1e-5),
]
train_cfg = dict(by_epoch=False, max_iters=1200, val_interval=1200)
val_cfg = dict()
test_cfg = dict()
