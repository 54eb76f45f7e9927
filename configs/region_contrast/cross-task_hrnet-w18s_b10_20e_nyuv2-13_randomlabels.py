"""MTPSL on the network of region contrast (table 1): HRNet-w18 on NYUv2, one or two labels per image.

The mapping network ends in as many channels as HRNet's coarsest map, with which it is compared.
"""

from mmengine.config import read_base

from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import CrossTaskConsistency

with read_base():
    from .._base_.datasets.nyuv2_13_randomlabels import *
    from .._base_.default_runtime import *
    from .._base_.models.hrnet_w18s import *
    from .._base_.schedules.region_contrast_film_20e import *

train_dataloader.update(batch_size=10)
train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(cross_task=dict(
    type=CrossTaskConsistency, weight=2.0, space=dict(widths=(64, 128, 256, 512, 144)))))
