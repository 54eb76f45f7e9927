"""MTPSL's SegNet on generated rooms of 96 x 128: 2 passes, 1000 steps of 8 images, in bf16."""

from mmengine.config import read_base

from mmmtl.optim import MixedPrecisionOptimWrapper

with read_base():
    from .datasets.synthetic_rooms import *
    from .default_runtime import *
    from .models.mtpsl_segnet import *
    from .schedules.rooms_2e import *

optim_wrapper.update(type=MixedPrecisionOptimWrapper, dtype='bfloat16')
