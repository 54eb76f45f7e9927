"""CvM from rooms to photographs: trained on generated rooms, tested on pairs of photographs, bf16.

Matching at stride 4, as on pairs of photographs. `PlaneMatching` has three times the weight it has there, because
photographs of other places can be matched as well as rooms, while what a single image suggests carries over less.
"""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import PlaneMatching
from mmmtl.models.necks import CrossViewModule

with read_base():
    from ..baseline.fpn_lite0_b8_700i_rooms_to_two_view_pairs_full import *

model.update(
    neck=dict(
        type=CrossViewModule,
        fusion=dict(taps=(0,), stride=None),
        stride=4,
        transformer=dict(blocks=1, identity_start=True),
        cost_volume=dict(planes=64, depth_range=(0.4, 10.0), centred=True),
    ),
    consistency_losses=dict(matching=dict(type=PlaneMatching, weight=1.0)),
)
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
