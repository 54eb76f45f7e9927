"""ResNet-18 and one ASPP head per task on generated rooms that carry over to photographs, all labels, 2 passes."""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import ASPPHead, PerTaskHead

with read_base():
    from .._base_.datasets.rooms_realistic import *
    from .._base_.schedules.rooms_2e import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    backbone=dict(type=TimmBackbone, model_name='resnet18', out_indices=(1, 2, 3, 4)),
    decode_head=dict(type=PerTaskHead, head=dict(type=ASPPHead, in_index=-1, low_level_index=0, channels=32)),
    data_preprocessor=dict(type=ViewPreprocessor, channels_last=True),
    loss_weighting=dict(weights=dict(normal=2.0)),
)
