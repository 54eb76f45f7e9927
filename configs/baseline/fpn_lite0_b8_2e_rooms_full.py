"""The demo: EfficientNet-Lite0 from ImageNet and a feature pyramid on generated rooms, all labels, 2 passes."""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import FPNHead

with read_base():
    from .._base_.datasets.synthetic_rooms import *
    from .._base_.schedules.rooms_2e import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    backbone=dict(type=TimmBackbone, model_name='tf_efficientnet_lite0', out_indices=(1, 2, 3, 4), pretrained=True),
    decode_head=dict(type=FPNHead, channels=64),
    data_preprocessor=dict(type=ViewPreprocessor, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), channels_last=True),
    loss_weighting=dict(weights=dict(normal=2.0)),
)
optim_wrapper['optimizer'].update(lr=1e-3)  # half of the rate from scratch, for a pretrained encoder
