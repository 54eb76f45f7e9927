"""Semi-global matching on stereo rooms of 128 x 160; a match is correct if its error is at most one pixel.

The confidence network is trained on rooms of the validation split, since it is later applied to rooms of the training
split; it is tested on rooms of the test split. First run, with ``--split train`` and with ``--split test``:
``mmmtl pseudo-disparity CONFIG --disparities 64 --block 3``.
"""

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, StereoMatches, collate_views
from mmmtl.datasets.transforms import (
    DisparityImage,
    LoadPseudoLabels,
    LoadViews,
    PackViews,
    RandomCropLimited,
    RandomFlip,
    RectifiedPair,
)
from mmmtl.metrics import MultiTaskMetric
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Confidence

protocol = 'rooms/matches'
tasks = dict(confidence=dict(type=Confidence))

_rooms = dict(type=SyntheticRooms, num_views=1, size=(128, 160), cameras=dict(stereo=True), view_mode='stereo')
_train, _test = 'pseudo/rooms-matches/train', 'pseudo/rooms-matches/test'

auto_scale_lr = dict(base_batch_size=4)
train_dataloader = dict(
    batch_size=4,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=StereoMatches,
        tasks=tasks,
        pairs=dict(**_rooms, split='val', scenes=200),
        folder=_train,
        pipeline=[
            dict(type=LoadViews),
            dict(type=RectifiedPair),
            dict(type=LoadPseudoLabels, tasks=tasks, folder=_train, names=('disparity',)),
            dict(type=RandomCropLimited, size=(64, 80)),
            dict(type=RandomFlip),
            dict(type=DisparityImage),
            dict(type=PackViews),
        ],
    ),
)

val_dataloader = dict(
    batch_size=4,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=StereoMatches,
        tasks=tasks,
        pairs=dict(**_rooms, split='test', scenes=40),
        folder=_test,
        pipeline=[
            dict(type=LoadViews),
            dict(type=RectifiedPair),
            dict(type=LoadPseudoLabels, tasks=tasks, folder=_test, names=('disparity',)),
            dict(type=DisparityImage),
            dict(type=PackViews),
        ],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
