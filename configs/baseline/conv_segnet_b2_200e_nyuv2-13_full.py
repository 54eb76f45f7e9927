"""SegNet on NYUv2 with 13 classes, every label shown, in the recipe of MTPSL (Li, Liu, Bilen, CVPR 2022)."""

from mmengine.config import read_base
from mmengine.optim import StepLR
from torch.optim import Adam

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import SegNet
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.optim import FiniteOptimWrapper

with read_base():
    from .._base_.datasets.nyuv2_13_mtan import *
    from .._base_.default_runtime import *

model = dict(
    type=MultiTaskModel,
    data_preprocessor=dict(type=ViewPreprocessor, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)),
    backbone=dict(type=SegNet),
    decode_head=dict(type=PerTaskHead, head=dict(type=ConvHead, in_index=0, channels=64, norm=None, act=None)),
    reduction='batch',
)
optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=Adam, lr=1e-4))
param_scheduler = [dict(type=StepLR, by_epoch=True, step_size=100, gamma=0.5)]
train_cfg = dict(by_epoch=True, max_epochs=200, val_interval=10)
val_cfg = dict()
test_cfg = dict()
