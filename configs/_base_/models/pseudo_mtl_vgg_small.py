"""The network of Pseudo-MTL with an eighth to three sixteenths of its channels, from scratch, for small images."""

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import VGG
from mmmtl.models.decode_heads import PerTaskHead, SymmetricDecoder

model = dict(
    type=MultiTaskModel,
    backbone=dict(type=VGG, widths=(8, 24, 48, 96, 96)),
    decode_head=dict(type=PerTaskHead, head=dict(type=SymmetricDecoder)),
    loss_weighting=dict(weights=dict(semseg=2 * 2.5)),
)
