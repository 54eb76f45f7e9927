"""Base of the networks in Pseudo-MTL's table 3: SegNet as in MTAN's code, two convolutions per task.

The paper uses that code, and gives neither the depth labels nor the loss weights. Here they are those of the
baseline of table 5 (the same pairs, pseudo disparity without confidence, the same weights), for MTAN's 200 epochs and
from scratch.
"""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import ConfidentRegression

with read_base():
    from .._base_.datasets.cityscapes_stereo import *
    from .._base_.models.mtpsl_segnet import *
    from .._base_.schedules.mtpsl_200e import *

model.update(
    tasks=tasks,
    consistency_losses=dict(regression=dict(type=ConfidentRegression, confidence='off')),
    loss_weighting=dict(weights=dict(semseg=2 * 2.5)),  # the paper: 2.5 times the sum, not the mean, over both views
)
