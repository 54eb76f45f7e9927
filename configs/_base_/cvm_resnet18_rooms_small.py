"""CvM with ResNet-18 on small rooms, bf16: views are matched at 1/2, C and F join the finest map; indoor planes.

Where it is not the paper's reading, images of 64 x 80 and training from nothing ask for it: at 1/8 little parallax is
left, and without weights that can match the true plane is a loss of its own. `cvm-eighth` is the paper's reading.
"""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import PlaneMatching
from mmmtl.models.necks import CrossViewModule

with read_base():
    from .datasets.rooms_small_pairs import *
    from .default_runtime import *
    from .models.aspp_resnet18_pairs import *
    from .schedules.rooms_900i import *

model.update(
    neck=dict(
        type=CrossViewModule, taps=(0,), fusion_stride=None, stride=2, blocks=1, identity_start=True, centred_cost=True,
        cost_volume=dict(depth_range='indoor')),
    consistency_losses=dict(matching=dict(type=PlaneMatching, weight=0.3)),
)
optim_wrapper.update(paramwise_cfg=dict(custom_keys={'neck.transformer': dict(lr_mult=0.25)}))
default_hooks['checkpoint'].update(interval=450)
