"""MTPSL's semi-supervised baseline: a small SegNet on small generated rooms, one or two labels per image."""

from mmengine.config import read_base

from mmmtl.datasets import RandomLabels
from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import SemiSupervised

with read_base():
    from .._base_.rooms_small_segnet import *

train_dataloader['dataset'].update(label_setting=dict(type=RandomLabels))
train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(semi=dict(type=SemiSupervised)))
