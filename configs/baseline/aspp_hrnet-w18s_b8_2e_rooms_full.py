"""A backbone of mmsegmentation, the small HRNet-w18, and an ASPP head per task, on generated rooms."""

from mmengine.config import read_base
from mmseg.models.backbones import HRNet

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import MMSegBackbone
from mmmtl.models.decode_heads import ASPPHead, PerTaskHead

with read_base():
    from .aspp_resnet18_b8_2e_rooms_full import *

_stages = dict(
    stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(2,), num_channels=(64,)),
    stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(2, 2), num_channels=(18, 36)),
    stage3=dict(num_modules=3, num_branches=3, block='BASIC', num_blocks=(2, 2, 2), num_channels=(18, 36, 72)),
    stage4=dict(num_modules=2, num_branches=4, block='BASIC', num_blocks=(2, 2, 2, 2), num_channels=(18, 36, 72, 144)),
)
model = dict(
    type=MultiTaskModel,
    backbone=dict(type=MMSegBackbone, backbone=dict(type=HRNet, extra=_stages, norm_cfg=dict(type='BN'))),
    decode_head=dict(type=PerTaskHead, head=dict(type=ASPPHead, in_index=-1, low_level_index=0, channels=64)),
)
