"""CvM on small rooms without its own CNN: the views are matched by the finest map of the backbone."""

from mmengine.config import read_base

with read_base():
    from .._base_.cvm_resnet18_rooms_small import *

model['neck'].update(source=0)
