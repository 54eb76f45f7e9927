"""DWA (Liu, Johns and Davison, CVPR 2019), a quarter of a pass counted as an epoch."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import DynamicWeightAverage

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=DynamicWeightAverage, period=50))
