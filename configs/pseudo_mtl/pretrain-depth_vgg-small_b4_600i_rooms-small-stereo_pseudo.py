"""Before a joint training on small rooms: depth by itself."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.rooms_small_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_losses import baseline as _losses
    from .._base_.models.pseudo_mtl_vgg_small import *
    from .._base_.schedules.rooms_600i import *

del tasks['semseg']
del model['loss_weighting']
model.update(consistency_losses=_losses)
train_dataloader['dataset'].update(label_setting=dict(type=OnlyLabels, names=()))
default_hooks['checkpoint'].update(interval=600)
