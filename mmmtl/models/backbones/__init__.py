"""Backbones: images (N, 3, H, W) -> a tuple of features, fine to coarse, with ``out_channels`` and ``strides``.

``out_channels`` and ``strides`` are tuples with an entry per feature. A class with ``needs_tasks = True`` takes the
task names, and its features begin with those of each task.
"""

from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.backbones.ccnn import CCNN
from mmmtl.models.backbones.cross_stitch_segnet import CrossStitchSegNet
from mmmtl.models.backbones.dense_segnet import DenseSegNet
from mmmtl.models.backbones.frozen_backbone import FrozenBackbone
from mmmtl.models.backbones.mmseg_backbone import MMSegBackbone
from mmmtl.models.backbones.mtan_segnet import MTANSegNet
from mmmtl.models.backbones.resized_input import ResizedInput
from mmmtl.models.backbones.sak import SAK
from mmmtl.models.backbones.segnet import SegNet
from mmmtl.models.backbones.timm_backbone import TimmBackbone
from mmmtl.models.backbones.vgg import VGG
from mmmtl.models.backbones.vit_backbone import ViTBackbone

__all__ = [
    'Backbone',
    'CCNN',
    'CrossStitchSegNet',
    'DenseSegNet',
    'FrozenBackbone',
    'MMSegBackbone',
    'MTANSegNet',
    'ResizedInput',
    'SAK',
    'SegNet',
    'TimmBackbone',
    'VGG',
    'ViTBackbone',
]
