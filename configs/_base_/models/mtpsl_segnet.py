"""The network of MTPSL: SegNet, two convolutions per task, images in [0, 1], the loss averaged over each image."""

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import SegNet
from mmmtl.models.decode_heads import ConvHead, PerTaskHead

model = dict(
    type=MultiTaskModel,
    data_preprocessor=dict(type=ViewPreprocessor, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)),
    backbone=dict(type=SegNet),
    decode_head=dict(type=PerTaskHead, head=dict(type=ConvHead, in_index=0, channels=64, norm=None, act=None)),
    reduction='batch',
)
