"""MTPSL with uncertainty weighting (table 5): SegNet on NYUv2, every label shown."""

from mmengine.config import read_base

from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import CrossTaskConsistency
from mmmtl.models.loss_weighting import UncertaintyWeighting

with read_base():
    from .._base_.datasets.nyuv2_13_mtan import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_film_200e import *

train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(
    consistency_losses=dict(cross_task=dict(type=CrossTaskConsistency, weight=2.0, sources='all')),
    loss_weighting=dict(type=UncertaintyWeighting),
)
