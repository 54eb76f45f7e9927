"""InvPT of the golden values: a ViT of 48 channels and four blocks, four tasks, and the published keys."""

import torch
from golden_fill import published_weights
from timm.models.vision_transformer import VisionTransformer

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import ViTBackbone
from mmmtl.models.backbones.vit_features import FinalNormFeatures
from mmmtl.models.decode_heads import InvPTHead
from mmmtl.tasks import Depth, Edge, Normal, SemSeg

TASKS = dict(
    semseg=dict(type=SemSeg, classes=[str(index) for index in range(5)]),
    depth=dict(type=Depth),
    normal=dict(type=Normal),
    edge=dict(type=Edge),
)


def published_invpt() -> dict[str, torch.Tensor]:
    """Parameters of the reference by its own keys."""
    return published_weights('invpt_shared_keys.json')


def small_invpt() -> MultiTaskModel:
    """The network of the golden values, not yet filled."""
    vit = dict(type=ViTBackbone, model_name='test_vit', out_indices=(0, 1, 2, 3))
    model = MultiTaskModel(TASKS, vit, dict(type=InvPTHead, channels=32, intermediate_channels=24))
    model.backbone.model = FinalNormFeatures(
        VisionTransformer(img_size=(64, 128), embed_dim=48, depth=4, num_heads=4, num_classes=0, dynamic_img_size=True),
        [0, 1, 2, 3],
    )
    model.backbone.patch = 16
    decode_head = InvPTHead(model.tasks, (48,) * 4, (16,) * 4, channels=32, intermediate_channels=24)
    model.decode_head, model.size_constraint = decode_head, decode_head.size_constraint
    return model
