"""NYUD-v2 with SAK's protocol, 448 x 576: 40 classes, depth, normals, edges. Root: ``$MMMTL_DATA/NYUDv2``.

Edge labels of training images are resized with nearest-neighbour interpolation, as published.
"""

from mmmtl.datasets import NYUDMT, EpochSampler, EvenlySplitSampler, collate_views
from mmmtl.datasets.transforms import (
    LoadViews,
    PackViews,
    Pad,
    PhotometricDistortion,
    RandomCropLimited,
    RandomFlip,
    RandomScale,
)
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Depth, Edge, Normal, SemSeg
from mmmtl.tasks.losses import L1

_root = 'NYUDv2'
_size = (448, 576)  # the images are 425 x 560

protocol = 'nyud-40/sak'
trained_for = dict(size=(425, 560), field_of_view=56.7)  # without padding; RandomScale varies the size around it
tasks = dict(
    semseg=dict(type=SemSeg, classes=NYUDMT.CLASSES, absent='zero'),
    depth=dict(type=Depth, display_range=(0.7, 8.0)),
    normal=dict(type=Normal, loss=dict(type=L1)),
    edge=dict(type=Edge, max_distance='nyud', interpolation='nearest'),
)

auto_scale_lr = dict(base_batch_size=4)
train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=NYUDMT,
        tasks=tasks,
        root=_root,
        split='train',
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomScale, lowest=0.5, highest=2.0),
            dict(type=RandomCropLimited, size=_size, cat_max_ratio=0.75),
            dict(type=RandomFlip),
            dict(type=PhotometricDistortion),
            dict(type=Pad, size=_size),
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=4,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=NYUDMT,
        tasks=tasks,
        root=_root,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=Pad, size=_size), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
