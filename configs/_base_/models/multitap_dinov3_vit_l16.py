"""DINOv3 ViT-L/16 (300 M) with four feature maps per head; the weights are under Meta's DINOv3 licence."""

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import MultiTapHead, PerTaskHead

model = dict(
    type=MultiTaskModel,
    backbone=dict(
        type=TimmBackbone,
        model_name='vit_large_patch16_dinov3.lvd1689m',
        pretrained=True,
        out_indices=(5, 11, 17, 23),
    ),
    decode_head=dict(type=PerTaskHead, head=dict(type=MultiTapHead)),
)
