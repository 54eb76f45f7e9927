"""The network `rooms_lite0`: EfficientNet-Lite0 from ImageNet, a feature pyramid, rooms that carry over to photographs.

Semantic segmentation, depth, normals and boundaries; all labels, 6 passes.
"""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import FPNHead

with read_base():
    from .._base_.datasets.rooms_photographs_edges import *
    from .._base_.schedules.rooms_2e import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    backbone=dict(type=TimmBackbone, model_name='tf_efficientnet_lite0', out_indices=(1, 2, 3, 4), pretrained=True),
    decode_head=dict(type=FPNHead, channels=64),
    data_preprocessor=dict(type=ViewPreprocessor, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), channels_last=True),
    loss_weighting=dict(weights=dict(normal=2.0, edge=20.0)),
)
optim_wrapper['optimizer'].update(lr=1e-3)
param_scheduler[1].update(T_max=6)
train_cfg.update(max_epochs=6, val_interval=2)
