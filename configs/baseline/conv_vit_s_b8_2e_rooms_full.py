"""ViT-S/16 of timm and one convolution head per task on generated rooms."""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import ConvHead, PerTaskHead

with read_base():
    from .aspp_resnet18_b8_2e_rooms_full import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    backbone=dict(type=TimmBackbone, model_name='vit_small_patch16_224', out_indices=(11,)),
    decode_head=dict(type=PerTaskHead, head=dict(type=ConvHead, channels=256)),
)
