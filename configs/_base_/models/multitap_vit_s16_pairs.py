"""ViT-S/16 from scratch with four feature maps per head."""

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import MultiTapHead, PerTaskHead

model = dict(
    type=MultiTaskModel,
    backbone=dict(type=TimmBackbone, model_name='vit_small_patch16_224', out_indices=(2, 5, 8, 11)),
    decode_head=dict(type=PerTaskHead, head=dict(type=MultiTapHead)),
    loss_weighting=dict(weights=dict(normal=2.0)),
)
