"""HED's network on BSDS500. Its converted weights have seen the train and val images: they get no score on those."""

from mmengine.config import read_base
from mmengine.optim import CosineAnnealingLR, LinearLR
from torch.optim import AdamW

from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from .._base_.datasets.bsds500 import *
    from .._base_.default_runtime import *
    from .._base_.models.hed_vgg16 import *

model.update(tasks=tasks)
optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=AdamW, lr=1e-4, weight_decay=1e-4))
param_scheduler = [
    dict(type=LinearLR, start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type=CosineAnnealingLR, by_epoch=True, convert_to_iter_based=True, T_max=10, eta_min=1e-6),
]
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=5)
val_cfg = dict()
test_cfg = dict()
