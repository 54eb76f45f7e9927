"""MGDA (Sener and Koltun, NeurIPS 2018)."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import MGDA

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=MGDA))
