"""Small generated rooms, 64 x 80, as posed pairs and as single views of the same 800 rooms.

A training batch of 12 images has 3 pairs and 6 single views. The cameras of a room are 0.4 to 1 m apart: at this image
size, a baseline of 0.1 m shifts a point by only one or two pixels. They have 0.5 m of free space in front of them where
the room allows it; the nearest plane of the cost volume is at 0.5 m. The network is tested twice on 200 unseen rooms:
with both views of a pair, and with single views.
"""

from mmmtl.datasets import ConcatDataset, EvenlySplitSampler, RatioSampler, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip
from mmmtl.metrics import CrossViewMetric, MultiTaskMetric, PerDatasetMetric
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal, SemSeg

protocol = 'rooms/small-pairs'
trained_for = dict(field_of_view=67.5)  # mean of the 60 to 75 degrees of the rooms; the size is read from the dataset
tasks = dict(
    semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES),
    depth=dict(type=Depth, display_range=(0.5, 6.0)),
    normal=dict(type=Normal),
)

_rooms = dict(type=SyntheticRooms, tasks=tasks, num_views=2, size=(64, 80), cameras=dict(apart=(0.4, 1.0), nearest=0.5))
_train = dict(
    **_rooms,
    split='train',
    scenes=800,
    pipeline=[dict(type=LoadViews), dict(type=RandomFlip), dict(type=PackViews)],
)
_val = dict(**_rooms, split='val', scenes=40, pipeline=[dict(type=LoadViews), dict(type=PackViews)])
_test = dict(**_rooms, split='test', scenes=200, pipeline=[dict(type=LoadViews), dict(type=PackViews)])

auto_scale_lr = dict(base_batch_size=9)
train_dataloader = dict(
    batch_size=9,  # records: 3 pairs and 6 single views, 12 images
    sampler=dict(type=RatioSampler, batch_size=9, ratios=dict(pairs=3, singles=6)),
    collate_fn=dict(type=collate_views),
    dataset=dict(type=ConcatDataset, parts=dict(pairs=dict(**_train, view_mode='all'), singles=dict(**_train))),
)
val_dataloader = dict(
    batch_size=8,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(type=ConcatDataset, parts=dict(two_views=dict(**_val, view_mode='all'), one_view=dict(**_val))),
)
test_dataloader = dict(
    batch_size=8,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(type=ConcatDataset, parts=dict(two_views=dict(**_test, view_mode='all'), one_view=dict(**_test))),
)
val_evaluator = dict(
    type=PerDatasetMetric,
    parts=dict(
        two_views=[dict(type=MultiTaskMetric, tasks=tasks), dict(type=CrossViewMetric, tasks=tasks)],
        one_view=dict(type=MultiTaskMetric, tasks=tasks),
    ),
)
test_evaluator = val_evaluator
