"""Pseudo-MTL, table 4, baseline on KITTI: pseudo disparity without confidence, no losses between the views."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import ConfidentRegression

with read_base():
    from .._base_.datasets.kitti_stereo import *
    from .._base_.models.pseudo_mtl_vgg16_192x480 import *
    from .._base_.schedules.pseudo_mtl_finetune_20e import *

model.update(tasks=tasks, consistency_losses=dict(regression=dict(type=ConfidentRegression, confidence='off')))
