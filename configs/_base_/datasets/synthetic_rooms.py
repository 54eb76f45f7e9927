"""Generated rooms, 96 x 128, two views per room: semseg (13 NYU classes), depth and normals."""

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip
from mmmtl.metrics import MultiTaskMetric
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal, SemSeg

protocol = 'rooms/demo'
trained_for = dict(field_of_view=67.5)  # drawn from 60 to 75 degrees; the size is derived from the dataset
tasks = dict(
    semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES),
    depth=dict(type=Depth, display_range=(0.5, 6.0)),
    normal=dict(type=Normal),
)

_rooms = dict(type=SyntheticRooms, tasks=tasks, num_views=2, size=(96, 128))

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
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(**_rooms, split='val', scenes=60, pipeline=[dict(type=LoadViews), dict(type=PackViews)]),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(**_rooms, split='test', scenes=120, pipeline=[dict(type=LoadViews), dict(type=PackViews)]),
)
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
