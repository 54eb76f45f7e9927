"""EfficientNet-Lite0 from ImageNet and a feature pyramid; a config that inherits it sets ``tasks`` and loss weights."""

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import FPNHead

model = dict(
    type=MultiTaskModel,
    backbone=dict(type=TimmBackbone, model_name='tf_efficientnet_lite0', out_indices=(1, 2, 3, 4), pretrained=True),
    decode_head=dict(type=FPNHead, channels=64),
    data_preprocessor=dict(type=ViewPreprocessor, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), channels_last=True),
)
