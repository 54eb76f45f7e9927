"""MTPSL on the network of region contrast (table 2): HRNet-w18 on Cityscapes, one label per image.

The mapping network ends in as many channels as HRNet's coarsest map, with which it is compared.
"""

from mmengine.config import read_base

from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import CrossTaskConsistency

with read_base():
    from .._base_.datasets.cityscapes_7_onelabel import *
    from .._base_.default_runtime import *
    from .._base_.models.hrnet_w18s import *
    from .._base_.schedules.region_contrast_film_20e import *

train_dataloader.update(batch_size=10)
train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(cross_task=dict(
    type=CrossTaskConsistency, weight=2.0, space=dict(widths=(64, 128, 256, 512, 144)))))
param_scheduler[0].update(periods=[10] * 10, restart_weights=[1.0] * 10)
train_cfg.update(max_epochs=100, val_interval=100)
