"""MTPSL whose consistency comes in over the first half of the training: a small SegNet on small rooms, random labels.

As in a variant of the published code, where 100 of 200 epochs pass until the weight is full.
"""

from mmengine.config import read_base

from mmmtl.datasets import RandomLabels
from mmmtl.datasets.transforms import TwoCrops
from mmmtl.hooks import ConsistencyRampHook
from mmmtl.models.consistency_losses import CrossTaskConsistency

with read_base():
    from .._base_.rooms_small_segnet import *

train_dataloader['dataset'].update(label_setting=dict(type=RandomLabels))
train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(
    cross_task=dict(type=CrossTaskConsistency, weight=2.0, space=dict(widths=(16, 24, 32, 32)))))
custom_hooks = [dict(type=ConsistencyRampHook, name='cross_task', iterations=400)]
