"""Generated rooms, 128 x 160, as posed pairs and as single views of the same 4000 rooms.

A training batch of 16 images has 4 pairs and 8 single views. The network is tested twice on 200 unseen rooms: with both
views of a pair, and with single views.
"""

from mmmtl.datasets import ConcatDataset, EvenlySplitSampler, RatioSampler, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, PhotometricDistortion, RandomFlip
from mmmtl.metrics import CrossViewMetric, MultiTaskMetric, PerDatasetMetric
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal, SemSeg

protocol = 'rooms/pairs'
trained_for = dict(field_of_view=67.5)  # drawn from 60 to 75 degrees; the size is derived from the dataset
tasks = dict(
    semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES),
    depth=dict(type=Depth, display_range=(0.5, 6.0)),
    normal=dict(type=Normal),
)

_rooms = dict(type=SyntheticRooms, tasks=tasks, num_views=2, size=(128, 160))
_train = dict(
    **_rooms,
    split='train',
    scenes=4000,
    pipeline=[
        dict(type=LoadViews),
        dict(type=RandomFlip),
        dict(type=PhotometricDistortion),
        dict(type=PackViews),
    ],
)
_val = dict(**_rooms, split='val', scenes=60, pipeline=[dict(type=LoadViews), dict(type=PackViews)])
_test = dict(**_rooms, split='test', scenes=200, pipeline=[dict(type=LoadViews), dict(type=PackViews)])

auto_scale_lr = dict(base_batch_size=12)
train_dataloader = dict(
    batch_size=12,  # scenes
    num_workers=4,
    sampler=dict(type=RatioSampler, batch_size=12, ratios=dict(pairs=2, singles=4)),
    collate_fn=dict(type=collate_views),
    dataset=dict(type=ConcatDataset, parts=dict(pairs=dict(**_train, view_mode='all'), singles=dict(**_train))),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(type=ConcatDataset, parts=dict(two_views=dict(**_val, view_mode='all'), one_view=dict(**_val))),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=2,
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
