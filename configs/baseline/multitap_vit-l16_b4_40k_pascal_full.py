"""SAK's plain baseline on PASCAL-Context, five tasks: a pretrained ViT-L/16, four of its maps to one head per task."""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import MultiTapHead, PerTaskHead

with read_base():
    from .._base_.datasets.pascal_context_sak import *
    from .._base_.default_runtime import *
    from .._base_.schedules.sak_40k import *

model = dict(
    type=MultiTaskModel,
    backbone=dict(
        type=TimmBackbone,
        model_name='vit_large_patch16_384.augreg_in21k_ft_in1k',
        pretrained=True,
        out_indices=(5, 11, 17, 23),
    ),
    decode_head=dict(type=PerTaskHead, head=dict(type=MultiTapHead)),
    loss_weighting=dict(weights=dict(semseg=1, human_parts=2, saliency=5, normal=10, edge=50)),
    reduction='pixels',
)
default_hooks['checkpoint'].update(by_epoch=False, interval=4000)
