"""Small HRNet-w18 of mmsegmentation and one ASPP head per task on generated rooms."""

from mmengine.config import read_base
from mmseg.models.backbones import HRNet

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import MMSegBackbone
from mmmtl.models.decode_heads import ASPPHead, PerTaskHead

with read_base():
    from .._base_.models.hrnet_w18s import _stages
    from .aspp_resnet18_b8_2e_rooms_full import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    backbone=dict(type=MMSegBackbone, backbone=dict(type=HRNet, extra=_stages, norm_cfg=dict(type='BN'))),
    decode_head=dict(type=PerTaskHead, head=dict(type=ASPPHead, in_index=-1, low_level_index=0, channels=64)),
)
