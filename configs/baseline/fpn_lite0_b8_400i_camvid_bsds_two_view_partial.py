"""EfficientNet-Lite0 from ImageNet and a feature pyramid; four tasks from three data sets that share no label."""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import FPNHead

with read_base():
    from .._base_.datasets.camvid_bsds500_two_view import *
    from .._base_.schedules.photographs_400i import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    backbone=dict(type=TimmBackbone, model_name='tf_efficientnet_lite0', out_indices=(1, 2, 3, 4), pretrained=True),
    decode_head=dict(type=FPNHead, channels=64),
    data_preprocessor=dict(type=ViewPreprocessor, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), channels_last=True),
    loss_weighting=dict(weights=dict(semseg=1.0, edge=20.0, depth=1.0, normal=2.0)),
)
train_dataloader['sampler'].update(endless=True)
for _part in train_dataloader['dataset']['parts'].values():
    _part['pipeline'][1].update(size=(192, 256))
trained_for.update(size=(192, 256))
