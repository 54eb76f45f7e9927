"""For tests of running: 10 rooms of 32 x 40 pixels, a small network; augmentation, batch norm, drop-path are on."""

from mmengine.config import read_base
from mmengine.optim import CosineAnnealingLR, LinearLR
from torch.optim import AdamW

from mmmtl.datasets import EpochSampler
from mmmtl.datasets.transforms import LoadViews, PackViews, PhotometricDistortion, RandomFlip, RandomZoomCrop
from mmmtl.metrics import MultiTaskMetric
from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.optim import FiniteOptimWrapper
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal, SemSeg

with read_base():
    from ...configs._base_.default_runtime import *

tasks = dict(semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES), depth=dict(type=Depth), normal=dict(type=Normal))
_rooms = dict(type=SyntheticRooms, num_views=1, size=(32, 40))
_whole = [dict(type=LoadViews), dict(type=PackViews)]

train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type=EpochSampler),
    dataset=dict(
        **_rooms,
        split='train',
        scenes=10,
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomZoomCrop, scales=(1.0, 1.2, 1.5)),
            dict(type=RandomFlip),
            dict(type=PhotometricDistortion),
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(batch_size=2, num_workers=0, dataset=dict(**_rooms, split='val', scenes=3, pipeline=_whole))
test_dataloader = dict(batch_size=2, num_workers=0, dataset=dict(**_rooms, split='test', scenes=3, pipeline=_whole))
val_evaluator = dict(type=MultiTaskMetric)
test_evaluator = dict(type=MultiTaskMetric)

model = dict(
    type=MultiTaskModel,
    backbone=dict(type=TimmBackbone, model_name='test_convnext', out_indices=(0, 1), drop_path_rate=0.3),
    decode_head=dict(type=PerTaskHead, head=dict(type=ConvHead, in_index=1, channels=16)),
)
optim_wrapper = dict(type=FiniteOptimWrapper, optimizer=dict(type=AdamW, lr=1e-3))
param_scheduler = [
    dict(type=LinearLR, start_factor=0.1, by_epoch=False, begin=0, end=5),
    dict(type=CosineAnnealingLR, by_epoch=False, T_max=15),
]
train_cfg = dict(by_epoch=True, max_epochs=5, val_interval=2)
val_cfg = dict()
test_cfg = dict()
default_hooks['logger'].update(interval=2)
