"""The network of Pseudo-MTL: VGG-16 and two symmetric decoders, for images of any size.

The published weight 2.5 of segmentation applies to the sum over both views; a task loss is their mean. VGG-16 has batch
norm here (the paper does not say) and ImageNet weights.
"""

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import PerTaskHead, SymmetricDecoder

model = dict(
    type=MultiTaskModel,
    backbone=dict(type=TimmBackbone, model_name='vgg16_bn', pretrained=True),
    decode_head=dict(type=PerTaskHead, head=dict(type=SymmetricDecoder)),
    loss_weighting=dict(weights=dict(semseg=2 * 2.5)),
)
