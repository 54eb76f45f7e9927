"""The network of MTPSL on PASCAL-Context: pretrained ResNet-18 with output stride 8, one DeepLab head per task.

Network, loss weights, batch size and schedule are those of the public recipe of Vandenhende et al., "Multi-Task
Learning for Dense Prediction Tasks: A Survey" (TPAMI 2021), which MTPSL follows. Augmentation and evaluation follow the
protocol ``pascal/sak``: images keep their aspect ratio and are padded to 512 x 512.
"""

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import ASPPHead, PerTaskHead

model = dict(
    type=MultiTaskModel,
    backbone=dict(type=TimmBackbone, model_name='resnet18', pretrained=True, output_stride=8),
    decode_head=dict(type=PerTaskHead, head=dict(type=ASPPHead)),
    loss_weighting=dict(weights=dict(semseg=1, human_parts=2, saliency=5, normal=10, edge=50)),
    reduction='pixels',
)
