"""MTPSL's semi-supervised baseline (table 4): SegNet on Cityscapes, segmentation to depth as 1:9."""

from mmengine.config import read_base

from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import SemiSupervised

with read_base():
    from .._base_.datasets.cityscapes_7_ratio_1_9 import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(semi=dict(type=SemiSupervised)))
