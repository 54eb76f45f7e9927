"""ResNet-18 and ASPP heads for 19 classes and depth on official Cityscapes files, 512 x 1024 crops."""

from mmengine.config import read_base
from mmengine.optim import LinearLR, PolyLR
from torch.optim import AdamW

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import ASPPHead, PerTaskHead
from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from .._base_.datasets.cityscapes_19 import *
    from .._base_.default_runtime import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    backbone=dict(type=TimmBackbone, model_name='resnet18', out_indices=(1, 2, 3, 4)),
    decode_head=dict(type=PerTaskHead, head=dict(type=ASPPHead, in_index=-1, low_level_index=0, channels=128)),
    loss_weighting=dict(weights=dict(semseg=1.0, depth=0.1)),
)
optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=AdamW, lr=3e-4, weight_decay=1e-4))
param_scheduler = [
    dict(type=LinearLR, start_factor=0.1, by_epoch=False, begin=0, end=1000),
    dict(type=PolyLR, by_epoch=False, power=0.9, begin=0, end=80000, eta_min=0.0),
]
default_hooks['checkpoint'].update(by_epoch=False, interval=8000)
default_hooks['logger'].update(log_metric_by_epoch=False)
log_processor = dict(by_epoch=False)
train_cfg = dict(by_epoch=False, max_iters=80000, val_interval=8000)
val_cfg = dict()
test_cfg = dict()
train_dataloader['sampler'].update(endless=True)
