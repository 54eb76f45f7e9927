"""ResNet-18 and ASPP heads on PASCAL-Context with full labels: the full supervision in MTPSL's table 3."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.pascal_context_sak import *
    from .._base_.models.mtpsl_resnet18 import *
    from .._base_.schedules.mtpsl_pascal_100e import *

train_dataloader.update(batch_size=6)
auto_scale_lr.update(base_batch_size=6)
model.update(tasks=tasks)
