"""Region-aware vector contrast: a small SegNet on small generated rooms, one label per image."""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel
from mmmtl.hooks import ConsistencyRampHook
from mmmtl.models.consistency_losses import RegionContrast

with read_base():
    from .._base_.rooms_small_segnet import *

train_dataloader['dataset'].update(label_setting=dict(type=OneLabel), regions='instances')
model.update(consistency_losses=dict(region_contrast=dict(
    type=RegionContrast, weight=0.15, compare='vector', max_regions=9)))
custom_hooks = [dict(type=ConsistencyRampHook, name='region_contrast', epochs=4)]
