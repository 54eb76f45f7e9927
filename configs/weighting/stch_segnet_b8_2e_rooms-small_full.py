"""STCH, a smooth maximum of the losses (Lin et al., ICML 2024)."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import SmoothChebyshevWeighting

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=SmoothChebyshevWeighting))
