"""All weights 1: the ground on which the weightings stand."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import FixedWeighting

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=FixedWeighting))
