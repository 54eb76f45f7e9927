"""Before the joint training: segmentation by itself, from labels and pseudo labels."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.kitti_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_vgg16_192x480 import *
    from .._base_.schedules.pseudo_mtl_pretrain_30e import *

del tasks['depth']
del model['loss_weighting']
train_dataloader['dataset']['pipeline'][2].update(names=('semseg',))
val_dataloader['dataset'] = val_dataloader['dataset']['parts']['semantics']
val_evaluator = dict(type=MultiTaskMetric)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
protocol = 'kitti-semantics/all'
