"""The network of Pseudo-MTL at 192 x 480, for images that are evaluated at different sizes."""

from mmengine.config import read_base

from mmmtl.models.backbones import ResizedInput, TimmBackbone

with read_base():
    from .pseudo_mtl_vgg16 import *

model['backbone'] = dict(
    type=ResizedInput, size=(192, 480), backbone=dict(type=TimmBackbone, model_name='vgg16_bn', pretrained=True)
)
