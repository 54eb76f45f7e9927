"""MTPSL: a small SegNet on small generated rooms, one or two labels per image."""

from mmengine.config import read_base

from mmmtl.datasets import RandomLabels
from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import CrossTaskConsistency

with read_base():
    from .._base_.rooms_small_segnet import *

train_dataloader['dataset'].update(label_setting=dict(type=RandomLabels))
train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(
    cross_task=dict(type=CrossTaskConsistency, weight=2.0, space=dict(widths=(16, 24, 32, 32)))))
