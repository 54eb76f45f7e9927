"""CvM with ResNet-18 on small rooms, bf16: matching at stride 2, C and F join the finest feature map; indoor planes.

It departs from the paper because images of 64 x 80 have little parallax at stride 8, and because matching is trained
from scratch, which needs a loss for the true plane. Row ``eighth`` of `ablation.py` follows the paper.
"""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import PlaneMatching
from mmmtl.models.necks import CrossViewModule

with read_base():
    from ..baseline.aspp_resnet18_b12_900i_rooms_small_pairs_full import *

model.update(
    neck=dict(
        type=CrossViewModule,
        fusion=dict(taps=(0,), stride=None),
        stride=2,
        transformer=dict(blocks=1, identity_start=True),
        cost_volume=dict(depth_range='indoor', centred=True),
    ),
    consistency_losses=dict(matching=dict(type=PlaneMatching, weight=0.3)),
)
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
