"""10,000 steps on generated rooms: AdamW 1e-3 with a short warm-up, a cosine to the end, gradients clipped at 10."""

from mmengine.optim import CosineAnnealingLR, LinearLR
from torch.optim import AdamW

from mmmtl.optim import FiniteOptimWrapper

optim_wrapper = dict(
    type=FiniteOptimWrapper,
    optimizer=dict(type=AdamW, lr=1e-3, weight_decay=1e-4, fused=True),
    clip_grad=dict(max_norm=10),
)
param_scheduler = [
    dict(type=LinearLR, start_factor=0.1, by_epoch=False, begin=0, end=200),
    dict(type=CosineAnnealingLR, by_epoch=False, T_max=10000, eta_min=1e-5),
]
train_cfg = dict(by_epoch=False, max_iters=10000, val_interval=5000)
val_cfg = dict()
test_cfg = dict()
