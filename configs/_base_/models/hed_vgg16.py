"""HED: VGG-16 without batch norm, with a side output before each pooling layer.

``mmmtl convert-model hed-vgg16`` converts the published encoder weights.
"""

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import PerTaskHead, SideOutputHead

model = dict(
    type=MultiTaskModel,
    backbone=dict(type=TimmBackbone, model_name='vgg16', out_indices=(0, 1, 2, 3, 4)),
    decode_head=dict(type=PerTaskHead, head=dict(type=SideOutputHead)),
)
