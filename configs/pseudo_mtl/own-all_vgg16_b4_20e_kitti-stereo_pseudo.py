"""Table 4. b = d_i, all of L_s,c: classes agree across the views, by the network's own depth."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.kitti_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_losses import own_all as _losses
    from .._base_.models.pseudo_mtl_vgg16_192x480 import *
    from .._base_.schedules.pseudo_mtl_finetune_20e import *

model.update(consistency_losses=_losses)
