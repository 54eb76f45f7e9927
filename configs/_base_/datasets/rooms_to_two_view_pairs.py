"""Generated rooms for training and posed RGB-D pairs for testing, 120 x 160, half pairs and half single views.

The cameras of a room are 0.05 to 0.6 m apart, as those of the photographs. The metric scale of a pair of rooms is
random, so that only the poses determine it. Validated, to choose a checkpoint, on the 70 training pairs of
`posed_views_pairs.py`, and tested on the pairs that are held out there.
Root of the photographs: ``$MMMTL_DATA/real_bench/two_view``.
"""

from mmmtl.datasets import ConcatDataset, EvenlySplitSampler, PosedViews, RatioSampler, collate_views
from mmmtl.datasets.transforms import (
    LoadViews,
    PackViews,
    RandomBlur,
    RandomExposure,
    RandomFlip,
    RandomJPEG,
    RandomNoise,
    RandomSceneScale,
    Resize,
)
from mmmtl.metrics import CrossViewMetric, MultiTaskMetric, PerDatasetMetric
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Normal
from mmmtl.tasks.losses import SILog

protocol = 'two-view/pairs'
trained_for = dict(field_of_view=58.6)
tasks = dict(
    # a loss of ratios, as scenes of photographs are from half a metre to seven metres away
    depth=dict(type=Depth, display_range=(0.5, 5.0), loss=dict(type=SILog, variance_focus=0.5)),
    normal=dict(type=Normal),
)

_rooms = dict(
    type=SyntheticRooms,
    tasks=tasks,
    split='train',
    scenes=700,
    num_views=2,
    size=(120, 160),
    cameras=dict(apart=(0.05, 0.6)),
    variety='realistic',
    pipeline=[
        dict(type=LoadViews),
        dict(type=RandomSceneScale, scales=(0.4, 1.4)),
        dict(type=RandomFlip),
        dict(type=RandomExposure),
        dict(type=RandomBlur),
        dict(type=RandomNoise),
        dict(type=RandomJPEG),
        dict(type=PackViews),
    ],
)
_photographs = dict(
    type=PosedViews,
    tasks=tasks,
    root='real_bench/two_view',
    val_scenes=('rgbd_0005?', 'sun3d_0003?'),
    pipeline=[dict(type=LoadViews), dict(type=Resize, size=(120, 160)), dict(type=PackViews)],
)
_chosen_by = dict(**_photographs, split='train')
_test = dict(**_photographs, split='val')

auto_scale_lr = dict(base_batch_size=5)
train_dataloader = dict(
    batch_size=5,  # scenes
    num_workers=2,
    sampler=dict(type=RatioSampler, batch_size=5, ratios=dict(pairs=3, singles=2), endless=True),
    collate_fn=dict(type=collate_views),
    dataset=dict(type=ConcatDataset, parts=dict(pairs=dict(**_rooms, view_mode='all'), singles=dict(**_rooms))),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=ConcatDataset, parts=dict(two_views=dict(**_chosen_by, view_mode='all'), one_view=dict(**_chosen_by))
    ),
)
test_dataloader = dict(
    batch_size=8,
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
