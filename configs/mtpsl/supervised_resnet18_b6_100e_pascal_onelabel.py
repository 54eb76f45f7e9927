"""Supervised learning of MTPSL's table 3: ResNet-18 on PASCAL-Context, one label per image."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.pascal_context_onelabel import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_resnet18 import *
    from .._base_.schedules.mtpsl_pascal_100e import *

train_dataloader.update(batch_size=6)
