"""CvM with ResNet-18 on photographs: depth and derived normals from posed pairs and single views, bf16.

As on small rooms, but at stride 4: photographs are 120 x 160, with a few pixels of parallax.
"""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import PlaneMatching
from mmmtl.models.necks import CrossViewModule

with read_base():
    from ..baseline.aspp_resnet18_b8_540i_two_view_pairs_full import *

model.update(
    neck=dict(
        type=CrossViewModule,
        fusion=dict(taps=(0,), stride=None),
        stride=4,
        transformer=dict(blocks=1, identity_start=True),
        cost_volume=dict(planes=64, depth_range='indoor', centred=True),
    ),
    consistency_losses=dict(matching=dict(type=PlaneMatching, weight=0.3)),
)
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
