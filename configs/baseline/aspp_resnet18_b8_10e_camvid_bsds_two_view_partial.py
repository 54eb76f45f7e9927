"""Four tasks from three datasets; no image has labels for more than two of them."""

from mmengine.config import read_base
from mmengine.optim import CosineAnnealingLR, LinearLR
from torch.optim import AdamW

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import ASPPHead, PerTaskHead
from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from .._base_.datasets.camvid_bsds500_two_view import *
    from .._base_.default_runtime import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    backbone=dict(type=TimmBackbone, model_name='resnet18', out_indices=(1, 2, 3, 4)),
    decode_head=dict(type=PerTaskHead, head=dict(type=ASPPHead, in_index=-1, low_level_index=0, channels=32)),
    data_preprocessor=dict(type=ViewPreprocessor, channels_last=True),
    loss_weighting=dict(weights=dict(semseg=1.0, edge=10.0, depth=1.0, normal=1.0)),
)
optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=AdamW, lr=2e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type=LinearLR, start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type=CosineAnnealingLR, by_epoch=True, convert_to_iter_based=True, T_max=10, eta_min=1e-5),
]
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=5)
val_cfg = dict()
test_cfg = dict()
