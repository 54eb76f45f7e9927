"""Small baseline of Pseudo-MTL: pseudo disparity without confidence, no losses between the views."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import ConfidentRegression

with read_base():
    from .._base_.datasets.rooms_small_stereo import *
    from .._base_.models.pseudo_mtl_vgg_small import *
    from .._base_.schedules.rooms_600i import *

model.update(tasks=tasks, consistency_losses=dict(regression=dict(type=ConfidentRegression, confidence='off')))
train_dataloader['sampler'].update(endless=True)
