"""CvM on small rooms without F: only the cost volume is joined with the features of the backbone."""

from mmengine.config import read_base

with read_base():
    from .._base_.cvm_resnet18_rooms_small import *

model['neck'].update(fuse=('cost',))
