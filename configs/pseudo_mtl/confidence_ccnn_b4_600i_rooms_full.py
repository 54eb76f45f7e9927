"""CCNN learns on generated rooms which matches are correct; `LoadPseudoLabels` reads its confidence on other data."""

from mmengine.config import read_base

from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import CCNN
from mmmtl.models.decode_heads import ConvHead, PerTaskHead

with read_base():
    from .._base_.datasets.rooms_matches import *
    from .._base_.schedules.rooms_600i import *

model = dict(
    type=MultiTaskModel,
    tasks=tasks,
    data_preprocessor=dict(type=ViewPreprocessor, mean=(0.0, 0.0, 0.0), std=(1 / 255, 1 / 255, 1 / 255)),
    backbone=dict(type=CCNN),
    decode_head=dict(type=PerTaskHead, head=dict(type=ConvHead, channels=(100, 100), kernel_size=1, norm=None)),
)
train_dataloader['sampler'].update(endless=True)
