"""Plain baseline of SAK on PASCAL-Context, five tasks: pretrained ViT-B/16, four feature maps per head."""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import MultiTapHead, PerTaskHead

with read_base():
    from .._base_.datasets.pascal_context_sak import *
    from .._base_.schedules.sak_40k import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    backbone=dict(
        type=TimmBackbone,
        model_name='vit_base_patch16_384.augreg_in21k_ft_in1k',
        pretrained=True,
        check_colours=False,  # published with ImageNet's, which the other backbones of the table want
        out_indices=(2, 5, 8, 11),
    ),
    decode_head=dict(type=PerTaskHead, head=dict(type=MultiTapHead)),
    loss_weighting=dict(weights=dict(semseg=1, human_parts=2, saliency=5, normal=10, edge=50)),
    reduction='pixels',
)
train_dataloader['sampler'].update(endless=True)
