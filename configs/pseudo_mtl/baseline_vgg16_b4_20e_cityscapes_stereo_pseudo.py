"""Pseudo-MTL, table 5, baseline on Cityscapes: pseudo disparity without confidence, no losses between the views."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import ConfidentRegression

with read_base():
    from .._base_.datasets.cityscapes_stereo import *
    from .._base_.models.pseudo_mtl_vgg16 import *
    from .._base_.schedules.pseudo_mtl_finetune_20e import *

model.update(tasks=tasks, consistency_losses=dict(regression=dict(type=ConfidentRegression, confidence='off')))
