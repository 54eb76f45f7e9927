"""Posed RGB-D pairs, resized to 120 x 160: depth and derived normals.

Root: ``$MMMTL_DATA/real_bench/two_view``.
"""

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, PosedViews, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, PhotometricDistortion, RandomFlip, RandomZoomCrop, Resize
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Depth, Normal

protocol = 'two-view/derived'
trained_for = dict(field_of_view=58.6)
tasks = dict(
    depth=dict(type=Depth, display_range=(0.5, 5.0)),
    normal=dict(type=Normal),
)

# Pairs from one video may share frames, so whole segments at the end are held out.
_scenes = dict(type=PosedViews, tasks=tasks, root='real_bench/two_view', val_scenes=('rgbd_0005?', 'sun3d_0003?'))

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
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
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        **_scenes,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=Resize, size=(120, 160)), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
