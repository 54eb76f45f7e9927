"""CvM on small rooms without C, and so without a loss on it: what attention across the views alone brings."""

from mmengine.config import read_base

with read_base():
    from .._base_.cvm_resnet18_rooms_small import *

model['neck'].update(fuse=('features',), cost_volume=None)
model.pop('consistency_losses')
