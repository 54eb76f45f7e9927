"""UPGrad (Quinton and Rey, 2024)."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import TorchJDWeighting

with read_base():
    from .._base_.weighting_rooms_small import *

model.update(loss_weighting=dict(type=TorchJDWeighting, method='UPGrad'))
