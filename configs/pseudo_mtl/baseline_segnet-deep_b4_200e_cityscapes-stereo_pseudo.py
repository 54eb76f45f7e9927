"""Table 3. Split (deep): one SegNet for both tasks, with twice as many convolutions."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cityscapes_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model['backbone'].update(depths=(4, 4, 6, 6, 6))
