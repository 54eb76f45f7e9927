"""ResNet-18 and one ASPP head per task, with smaller dilations than usual, for small images."""

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import ASPPHead, PerTaskHead

model = dict(
    type=MultiTaskModel,
    backbone=dict(type=TimmBackbone, model_name='resnet18', out_indices=(1, 2, 3, 4)),
    decode_head=dict(
        type=PerTaskHead, head=dict(type=ASPPHead, in_index=-1, low_level_index=0, channels=32, dilations=(1, 2, 4))
    ),
    data_preprocessor=dict(type=ViewPreprocessor, channels_last=True),
    loss_weighting=dict(weights=dict(normal=2.0)),
)
