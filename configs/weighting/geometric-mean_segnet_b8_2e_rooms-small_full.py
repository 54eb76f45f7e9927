"""The geometric mean of the losses (Chennupati et al., CVPR workshops 2019)."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import GeometricMeanWeighting

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=GeometricMeanWeighting))
