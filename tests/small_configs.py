"""Fixtures with two small configs, one with names as strings and one with imported classes."""

from pathlib import Path

import pytest

PLAIN = """
_size = (16, 20)
_loading = [dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')]
tasks = dict(depth=dict(type='mmmtl.Depth'), normal=dict(type='mmmtl.Normal', loss=dict(type='L1')))
model = dict(
    type='mmmtl.MultiTaskModel',
    backbone=dict(type='mmmtl.SegNet', widths=(4, 6)),
    decode_head=dict(type='mmmtl.PerTaskHead', head=dict(type='mmmtl.ConvHead', channels=4)),
)
train_dataloader = dict(batch_size=2, sampler=dict(type='mmmtl.EpochSampler'), dataset=dict(
    type='mmmtl.SyntheticRooms', split='train', scenes=1, num_views=1, size=_size, pipeline=_loading))
val_dataloader = dict(dataset=dict(
    type='mmmtl.SyntheticRooms', split='val', scenes=1, num_views=1, size=_size, pipeline=_loading))
val_evaluator = [dict(type='mmmtl.MultiTaskMetric'), dict(type='mmmtl.MultiTaskMetric', prefix='again')]
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=1e-3))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True, T_max=3)]
train_cfg = dict(by_epoch=True, max_epochs=3)
val_cfg = dict()
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
randomness = dict(seed=0)
"""
LAZY = """
from mmengine.config import read_base
from mmmtl.metrics import MultiTaskMetric
from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import SegNet
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.tasks import Depth, Normal
from mmmtl.tasks.losses import L1, Cosine, SILog

_channels = 4
tasks = dict(depth=dict(type=Depth), normal=dict(type=Normal))
model = dict(
    type=MultiTaskModel,
    backbone=dict(type=SegNet, widths=(4, 6)),
    decode_head=dict(type=PerTaskHead, head=dict(type=ConvHead, channels=_channels)),
)
val_evaluator = dict(type=MultiTaskMetric)
"""


@pytest.fixture
def plain(tmp_path) -> Path:
    (tmp_path / 'plain.py').write_text(PLAIN)
    return tmp_path / 'plain.py'


@pytest.fixture
def lazy(tmp_path) -> Path:
    (tmp_path / 'lazy.py').write_text(LAZY)
    return tmp_path / 'lazy.py'
