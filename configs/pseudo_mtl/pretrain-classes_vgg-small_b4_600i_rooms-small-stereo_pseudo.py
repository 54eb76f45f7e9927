"""Before a joint training on small rooms: segmentation by itself."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.rooms_small_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_vgg_small import *
    from .._base_.schedules.rooms_600i import *

del tasks['depth']
del model['loss_weighting']
default_hooks['checkpoint'].update(interval=600)
