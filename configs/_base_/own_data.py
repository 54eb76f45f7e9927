"""Your own images and labels: EfficientNet-Lite0 from ImageNet, a feature pyramid and 600 steps."""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import FPNHead

with read_base():
    from .datasets.own_data import *
    from .schedules.rooms_600i import *

model = dict(
    type=MultiTaskModel,
    backbone=dict(type=TimmBackbone, model_name='tf_efficientnet_lite0', out_indices=(1, 2, 3, 4), pretrained=True),
    decode_head=dict(type=FPNHead, channels=64),
    data_preprocessor=dict(type=ViewPreprocessor, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
)
optim_wrapper['optimizer'].update(lr=1e-3)  # for a pretrained encoder; 2e-3 from scratch
default_hooks['checkpoint'].update(interval=200)
train_cfg.update(val_interval=200)
