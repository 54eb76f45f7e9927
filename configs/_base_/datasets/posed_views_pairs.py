"""Posed RGB-D photographs, 120 x 160, as pairs and as single views: depth, and normals derived from it.

A training batch of 8 images has 2 pairs and 4 single views. The network is evaluated twice on the held-out photographs:
with both views of a pair, and with single views. Root: ``$MMMTL_DATA/real_bench/two_view``.
"""

from mmmtl.datasets import ConcatDataset, EvenlySplitSampler, PosedViews, RatioSampler, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, PhotometricDistortion, RandomFlip, RandomZoomCrop, Resize
from mmmtl.metrics import CrossViewMetric, MultiTaskMetric, PerDatasetMetric
from mmmtl.tasks import Depth, Normal

protocol = 'two-view/pairs'
trained_for = dict(field_of_view=58.6)
tasks = dict(
    depth=dict(type=Depth, display_range=(0.5, 5.0)),
    normal=dict(type=Normal),
)

# Pairs from one video may share frames, so whole segments at the end are held out.
_scenes = dict(type=PosedViews, tasks=tasks, root='real_bench/two_view', val_scenes=('rgbd_0005?', 'sun3d_0003?'))
_train = dict(
    **_scenes,
    split='train',
    pipeline=[
        dict(type=LoadViews),
        dict(type=Resize, size=(120, 160)),
        dict(type=RandomZoomCrop, scales=(1.0, 1.2, 1.5)),
        dict(type=RandomFlip),
        dict(type=PhotometricDistortion),
        dict(type=PackViews),
    ],
)
_val = dict(
    **_scenes,
    split='val',
    pipeline=[dict(type=LoadViews), dict(type=Resize, size=(120, 160)), dict(type=PackViews)],
)

auto_scale_lr = dict(base_batch_size=6)
train_dataloader = dict(
    batch_size=6,  # scenes
    num_workers=2,
    sampler=dict(type=RatioSampler, batch_size=6, ratios=dict(pairs=2, singles=4)),
    collate_fn=dict(type=collate_views),
    dataset=dict(type=ConcatDataset, parts=dict(pairs=dict(**_train, view_mode='all'), singles=dict(**_train))),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(type=ConcatDataset, parts=dict(two_views=dict(**_val, view_mode='all'), one_view=dict(**_val))),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    type=PerDatasetMetric,
    parts=dict(
        two_views=[dict(type=MultiTaskMetric, tasks=tasks), dict(type=CrossViewMetric, tasks=tasks)],
        one_view=dict(type=MultiTaskMetric, tasks=tasks),
    ),
)
test_evaluator = val_evaluator
