"""The network `rooms_lite0`: EfficientNet-Lite0 from ImageNet, a feature pyramid, rooms that carry over to photographs.

Semantic segmentation, depth, normals and boundaries; all labels, 6 passes.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.rooms_realistic_edges import *
    from .._base_.models.fpn_lite0 import *
    from .._base_.schedules.rooms_2e import *

model.update(tasks=tasks, loss_weighting=dict(weights=dict(normal=2.0, edge=20.0)))
optim_wrapper['optimizer'].update(lr=1e-3)
param_scheduler[1].update(T_max=6)
train_cfg.update(max_epochs=6, val_interval=2)
