"""The network of region contrast (Li et al., ECCV 2024): small HRNet-w18 with ImageNet weights and HRNet heads."""

from mmseg.models.backbones import HRNet

from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import MMSegBackbone
from mmmtl.models.decode_heads import HRNetHead

_stages = dict(
    stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(2,), num_channels=(64,)),
    stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(2, 2), num_channels=(18, 36)),
    stage3=dict(num_modules=3, num_branches=3, block='BASIC', num_blocks=(2, 2, 2), num_channels=(18, 36, 72)),
    stage4=dict(num_modules=2, num_branches=4, block='BASIC', num_blocks=(2, 2, 2, 2), num_channels=(18, 36, 72, 144)),
)
model = dict(
    type=MultiTaskModel,
    backbone=dict(
        type=MMSegBackbone,
        backbone=dict(
            type=HRNet,
            extra=_stages,
            norm_cfg=dict(type='BN'),
            # https://download.openmmlab.com/pretrain/third_party/hrnetv2_w18_small-b5a04e21.pth, downloaded
            init_cfg=dict(type='Pretrained', checkpoint='pretrained/hrnetv2_w18_small-b5a04e21.pth'),
        ),
    ),
    decode_head=dict(type=HRNetHead),
    reduction='batch',
)
