"""GradNorm (Chen et al., ICML 2018)."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import GradNorm

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=GradNorm))
