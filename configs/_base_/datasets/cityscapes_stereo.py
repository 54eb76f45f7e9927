"""Cityscapes pairs as in Pseudo-MTL: without the bonnet, 2048 x 768 pixels resized to 256 x 96; 7 classes.

First run ``mmmtl pseudo-disparity CONFIG`` for both views, and ``mmmtl pseudo-semseg CONFIG``
for the right one. Root: ``$MMMTL_DATA/cityscapes``. Depth is evaluated in metres against the official disparity, up to
80 m; the paper does not state the unit of its depth errors.
"""

from mmmtl.datasets import Cityscapes, CityscapesMTAN, EpochSampler, EvenlySplitSampler, OnlyLabels, collate_views
from mmmtl.datasets.transforms import (
    FixedCrop,
    LoadPseudoLabels,
    LoadViews,
    PackViews,
    PhotometricDistortion,
    RandomFlip,
    RectifiedPair,
    Resize,
)
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import InverseDepth, SemSeg

_root = 'cityscapes'
_resize = [dict(type=FixedCrop, size=(768, 2048)), dict(type=Resize, size=(96, 256))]

protocol = 'cityscapes-7/pseudo-mtl'
trained_for = dict(field_of_view=48.7)
tasks = dict(
    semseg=dict(type=SemSeg, classes=CityscapesMTAN.CLASSES),
    # f B / W of Cityscapes: 2262.5 * 0.209 / 2048 m
    depth=dict(type=InverseDepth, unit=0.23, display_range=(4.0, 80.0), max_depth=80.0),
)

auto_scale_lr = dict(base_batch_size=4)
train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=Cityscapes,
        tasks=tasks,
        root=_root,
        split='train',
        view_mode='stereo',
        categories=True,
        label_setting=dict(type=OnlyLabels, names=('semseg',)),
        pipeline=[
            dict(type=LoadViews),
            dict(type=RectifiedPair),
            dict(
                type=LoadPseudoLabels,
                tasks=tasks,
                folder='pseudo/cityscapes/train',
                names=('disparity', 'confidence', 'semseg'),
            ),
            *_resize,
            dict(type=RandomFlip),
            dict(type=PhotometricDistortion),
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
        type=Cityscapes,
        tasks=tasks,
        root=_root,
        split='val',
        categories=True,
        pipeline=[dict(type=LoadViews), *_resize, dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
