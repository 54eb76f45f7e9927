"""CvM with ResNet-18 on small rooms, bfloat16: views are matched at 1/2, C and F join the finest map; indoor planes.

It departs from the paper where images of 64 x 80 and training from scratch require it: at 1/8 little parallax is left,
and without pretrained weights for matching, the true plane is a loss of its own. The row ``eighth`` of `ablation.py`
follows the paper.
"""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import PlaneMatching
from mmmtl.models.necks import CrossViewModule

with read_base():
    from ..baseline.aspp_resnet18_b12_900i_rooms_small_pairs_full import *

model.update(
    neck=dict(
        type=CrossViewModule,
        taps=(0,),
        fusion_stride=None,
        stride=2,
        blocks=1,
        identity_start=True,
        centred_cost=True,
        cost_volume=dict(depth_range='indoor'),
    ),
    consistency_losses=dict(matching=dict(type=PlaneMatching, weight=0.3)),
)
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
