"""Perceptual-Map (X-task), a rival of MTPSL (table 5): SegNet on NYUv2, every label shown.

Here the mappings learn beside the network; those of the paper's row had been trained beforehand.
"""

from mmengine.config import read_base

from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import PerceptualMap

with read_base():
    from .._base_.datasets.nyuv2_13_mtan import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(perceptual_map=dict(type=PerceptualMap)))
