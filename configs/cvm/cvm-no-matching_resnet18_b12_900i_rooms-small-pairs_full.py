"""CvM on small rooms, learnt from the losses of the tasks alone."""

from mmengine.config import read_base

with read_base():
    from .._base_.cvm_resnet18_rooms_small import *

model.pop('consistency_losses')
