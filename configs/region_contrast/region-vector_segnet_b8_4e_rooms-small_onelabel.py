"""Region-aware vector contrast: a small SegNet on small generated rooms, one label per image.

The joint space is smaller than published, and 1/8 of the image instead of 1/16: an image has 64 x 80 pixels here.
"""

from mmengine.config import read_base

from mmmtl.datasets import OneLabel
from mmmtl.hooks import ConsistencyRampHook
from mmmtl.models.consistency_losses import RegionContrast

with read_base():
    from .._base_.rooms_small_segnet import *

train_dataloader['dataset'].update(label_setting=dict(type=OneLabel), regions='instances')
model.update(consistency_losses=dict(region_contrast=dict(
    type=RegionContrast, weight=0.15, space=dict(widths=(8, 16, 16)), compare='vector', max_regions=9)))
custom_hooks = [dict(type=ConsistencyRampHook, name='region_contrast', epochs=4)]
