"""EfficientNet-Lite0 from ImageNet and a feature pyramid; four tasks from three datasets that share no label."""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.camvid_bsds500_two_view import *
    from .._base_.models.fpn_lite0 import *
    from .._base_.schedules.photographs_400i import *

model.update(tasks=tasks, loss_weighting=dict(weights=dict(semseg=1.0, edge=20.0, depth=1.0, normal=2.0)))
train_dataloader['sampler'].update(endless=True)
for _part in train_dataloader['dataset']['parts'].values():
    _part['pipeline'][1].update(size=(192, 256))
trained_for.update(size=(192, 256))
