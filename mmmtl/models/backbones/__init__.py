"""Backbones: images (N,3,H,W) -> a tuple of maps, fine to coarse; each tells its ``out_channels`` and ``strides``."""

from mmmtl.models.backbones.ccnn import CCNN
from mmmtl.models.backbones.mmseg_backbone import MMSegBackbone
from mmmtl.models.backbones.resized_input import ResizedInput
from mmmtl.models.backbones.segnet import SegNet
from mmmtl.models.backbones.timm_backbone import TimmBackbone
from mmmtl.models.backbones.vgg import VGG

__all__ = ['CCNN', 'MMSegBackbone', 'ResizedInput', 'SegNet', 'TimmBackbone', 'VGG']
