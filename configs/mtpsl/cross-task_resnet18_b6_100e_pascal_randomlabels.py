"""MTPSL (table 3): ResNet-18 on PASCAL-Context, one to four labels per image."""

from mmengine.config import read_base

from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import CrossTaskConsistency, ResidualJointTaskSpace

with read_base():
    from .._base_.datasets.pascal_context_randomlabels import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_resnet18 import *
    from .._base_.schedules.mtpsl_pascal_100e import *

train_dataloader.update(batch_size=6)
train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(
    cross_task=dict(type=CrossTaskConsistency, weight=2.0, space=dict(type=ResidualJointTaskSpace))))
