"""SegNet with MTPSL's heads, for which published weights convert, on generated rooms; colours in [0, 1]."""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import SegNet
from mmmtl.models.decode_heads import ConvHead, PerTaskHead

with read_base():
    from .aspp_resnet18_b8_2e_rooms_full import *

model = dict(
    type=MultiTaskModel,
    data_preprocessor=dict(type=ViewPreprocessor, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)),
    backbone=dict(type=SegNet),
    decode_head=dict(type=PerTaskHead, head=dict(type=ConvHead, in_index=0, channels=64, norm=None, act=None)),
    reduction='batch',
)
