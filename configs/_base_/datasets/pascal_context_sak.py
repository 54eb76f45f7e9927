"""PASCAL-Context with SAK's protocol, 512 x 512, five tasks. Root: ``$MMMTL_DATA/PASCALContext``.

Edges of scaled training images use nearest neighbour, as published.
"""

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, PascalContext, collate_views
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
from mmmtl.tasks import Edge, HumanParts, Normal, Saliency, SemSeg
from mmmtl.tasks.losses import L1

_root = 'PASCALContext'
_size = (512, 512)  # no image has a side above 500

protocol = 'pascal/sak'
trained_for = dict(size=(375, 500))  # the most common size; scale augmentation is centred on the original size
tasks = dict(
    semseg=dict(type=SemSeg, classes=PascalContext.CLASSES, absent='zero'),
    human_parts=dict(type=HumanParts),
    saliency=dict(type=Saliency),
    normal=dict(type=Normal, loss=dict(type=L1)),
    edge=dict(type=Edge, max_distance='pascal', interpolation='nearest'),
)

auto_scale_lr = dict(base_batch_size=4)
train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=PascalContext,
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
        type=PascalContext,
        tasks=tasks,
        root=_root,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=Pad, size=_size), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
