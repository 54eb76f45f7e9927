"""Small stereo rooms, 64 x 80, baseline 0.2 m: classes of both views, pseudo disparity of 800 pairs.

True depth is hidden in training. First run ``mmmtl pseudo-disparity CONFIG --disparities 32 --block 3``.
"""

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, OnlyLabels, collate_views
from mmmtl.datasets.transforms import LoadPseudoLabels, LoadViews, PackViews, RandomFlip, RectifiedPair
from mmmtl.metrics import MultiTaskMetric
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import InverseDepth, SemSeg

protocol = 'rooms/small-stereo'
trained_for = dict(field_of_view=67.5)  # drawn from 60 to 75 degrees; the size is derived from the dataset
tasks = dict(
    semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES),
    depth=dict(
        type=InverseDepth, unit=3.0, farthest=20.0, display_range=(0.5, 6.0)
    ),  # with this unit the logits are about 1
)

_rooms = dict(type=SyntheticRooms, tasks=tasks, num_views=1, size=(64, 80), cameras=dict(stereo=True))
_pipeline = [dict(type=LoadViews), dict(type=PackViews)]

auto_scale_lr = dict(base_batch_size=4)
train_dataloader = dict(
    batch_size=4,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        **_rooms,
        split='train',
        scenes=800,
        view_mode='stereo',
        label_setting=dict(type=OnlyLabels, names=('semseg',)),
        pipeline=[
            dict(type=LoadViews),
            dict(type=RectifiedPair),
            dict(type=LoadPseudoLabels, tasks=tasks, folder='pseudo/rooms-small-stereo/train'),
            dict(type=RandomFlip),
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(**_rooms, split='val', scenes=40, pipeline=_pipeline),
)
test_dataloader = dict(
    batch_size=8,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(**_rooms, split='test', scenes=200, pipeline=_pipeline),
)
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
