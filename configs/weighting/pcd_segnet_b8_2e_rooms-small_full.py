"""PCD (TMLR 2026), segmentation in the lead."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import PriorityConstrainedDescent

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=PriorityConstrainedDescent, primary='semseg'))
