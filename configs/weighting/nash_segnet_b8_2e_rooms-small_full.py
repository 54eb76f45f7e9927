"""Nash-MTL (Navon et al., ICML 2022)."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import NashMTL

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=NashMTL))
