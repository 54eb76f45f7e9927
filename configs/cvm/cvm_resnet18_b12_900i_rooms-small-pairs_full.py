"""CvM with ResNet-18 on small rooms, see its base."""

from mmengine.config import read_base

with read_base():
    from .._base_.cvm_resnet18_rooms_small import *
