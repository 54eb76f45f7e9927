"""Generated rooms that carry over to photographs, 240 x 320, two views of each: semseg, depth and normals.

Validation and test rooms are of the same kind, without the effects of cameras and files. The 2180 rooms take 1.7 GB,
and eight minutes of one core to draw.
"""

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, collate_views
from mmmtl.datasets.transforms import (
    LoadViews,
    PackViews,
    RandomBlur,
    RandomExposure,
    RandomFlip,
    RandomJPEG,
    RandomNoise,
)
from mmmtl.metrics import MultiTaskMetric
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal, SemSeg

protocol = 'rooms/realistic'
trained_for = dict(field_of_view=(45, 95))  # degrees; the size is derived from the dataset
tasks = dict(
    semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES),
    depth=dict(type=Depth, display_range=(0.5, 6.0)),
    normal=dict(type=Normal),
)

_rooms = dict(type=SyntheticRooms, tasks=tasks, variety='realistic', num_views=2, size=(240, 320))
_pipeline = [dict(type=LoadViews), dict(type=PackViews)]

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        **_rooms,
        split='train',
        scenes=2000,
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomFlip),
            dict(type=RandomExposure),
            dict(type=RandomBlur),
            dict(type=RandomNoise),
            dict(type=RandomJPEG),
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(**_rooms, split='val', scenes=60, pipeline=_pipeline),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(**_rooms, split='test', scenes=120, pipeline=_pipeline),
)
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
