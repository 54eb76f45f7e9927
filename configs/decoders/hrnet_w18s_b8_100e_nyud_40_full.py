"""Shared heads, the baseline of the decoders on HRNet: small HRNet-w18 and HRNet heads on NYUD-v2, 100 epochs.

The optimizer is that of the survey of Vandenhende et al. (TPAMI 2021); images, augmentation and evaluation are those of
the protocol, so that the scores can be compared with those of other encoders.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.nyud_40_sak import *
    from .._base_.models.hrnet_w18s import *
    from .._base_.schedules.survey_100e import *

model.update(
    tasks=tasks,
    loss_weighting=dict(weights=dict(semseg=1, depth=1, normal=10, edge=50)),
    reduction='pixels',
)
train_dataloader.update(batch_size=8)
auto_scale_lr.update(base_batch_size=8)
