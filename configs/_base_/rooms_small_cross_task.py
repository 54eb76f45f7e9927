"""MTPSL's consistency for a small SegNet on small generated rooms."""

from mmengine.config import read_base

from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import CrossTaskConsistency

with read_base():
    from .rooms_small_segnet import *

train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(
    cross_task=dict(type=CrossTaskConsistency, weight=2.0, space=dict(widths=(16, 24, 32, 32)))))
