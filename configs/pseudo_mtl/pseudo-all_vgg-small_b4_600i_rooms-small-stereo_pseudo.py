"""Table 4 in small. b = d_pgt, all of L_s,c: classes agree across the views, by the pseudo disparity."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.rooms_small_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_losses import pseudo_all as _losses
    from .._base_.models.pseudo_mtl_vgg_small import *
    from .._base_.schedules.rooms_600i import *

model.update(consistency_losses=_losses)
default_hooks['checkpoint'].update(interval=600)
