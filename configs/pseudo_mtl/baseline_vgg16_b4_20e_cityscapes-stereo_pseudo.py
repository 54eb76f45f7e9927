"""Table 5. Baseline: pseudo disparity without confidence, views that need not agree."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cityscapes_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_losses import baseline as _losses
    from .._base_.models.pseudo_mtl_vgg16 import *
    from .._base_.schedules.pseudo_mtl_finetune_20e import *

model.update(consistency_losses=_losses)
