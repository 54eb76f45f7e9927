"""Random weights (Lin et al., TMLR 2022)."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import RandomWeighting

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=RandomWeighting))
