"""Direct-Map, a rival of MTPSL (table 2): SegNet on NYUv2, one label per image."""

from mmengine.config import read_base

from mmmtl.datasets.transforms import TwoCrops
from mmmtl.models.consistency_losses import DirectMap

with read_base():
    from .._base_.datasets.nyuv2_13_onelabel import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

train_dataloader['dataset']['pipeline'][-1] = dict(type=TwoCrops)
model.update(consistency_losses=dict(direct_map=dict(type=DirectMap)))
