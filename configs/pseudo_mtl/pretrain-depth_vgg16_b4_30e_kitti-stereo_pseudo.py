"""Before the joint training: depth by itself, from the pseudo disparity and its confidence."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.kitti_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_losses import confidence as _losses
    from .._base_.models.pseudo_mtl_vgg16_192x480 import *
    from .._base_.schedules.pseudo_mtl_pretrain_30e import *

del tasks['semseg']
del model['loss_weighting']
model.update(consistency_losses=_losses)
train_dataloader['dataset'].update(label_setting=dict(type=OnlyLabels, names=()))
train_dataloader['dataset']['pipeline'][2].update(names=('disparity', 'confidence'))
val_dataloader['dataset'] = val_dataloader['dataset']['parts']['improved']
val_evaluator = dict(type=MultiTaskMetric)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
protocol = 'kitti/eigen'
