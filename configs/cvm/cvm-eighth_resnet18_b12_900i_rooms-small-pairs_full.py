"""CvM on small rooms as the paper reads: six blocks at 1/8, joined with the map at 1/32, only task losses."""

from mmengine.config import read_base

from mmmtl.models.necks import CrossViewModule

with read_base():
    from .._base_.cvm_resnet18_rooms_small import *

model.update(neck=dict(
    type=CrossViewModule, taps=(3,), identity_start=True, cost_volume=dict(depth_range='indoor')))
model.pop('consistency_losses')
