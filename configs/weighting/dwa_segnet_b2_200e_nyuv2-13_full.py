"""Dynamic weight average in MTPSL's table 5: SegNet on NYUv2 with 13 classes, every label shown."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import DynamicWeightAverage

with read_base():
    from .._base_.datasets.nyuv2_13_mtan import *
    from .._base_.default_runtime import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model.update(loss_weighting=dict(type=DynamicWeightAverage))
