"""Table 3. Split (wide): one SegNet for both tasks, whose deepest level has 1024 channels."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cityscapes_stereo import *
    from .._base_.default_runtime import *
    from .._base_.models.pseudo_mtl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model['backbone'].update(widths=(64, 128, 256, 512, 1024))
