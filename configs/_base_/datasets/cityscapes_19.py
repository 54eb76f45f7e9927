"""Official files of Cityscapes, 19 classes and depth, 512 x 1024 training crops. Root: ``$MMMTL_DATA/cityscapes``."""

from mmmtl.datasets import Cityscapes, EpochSampler, EvenlySplitSampler, collate_views
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
from mmmtl.tasks import Depth, SemSeg

_root = 'cityscapes'

protocol = 'cityscapes-19'
trained_for = dict(size=(1024, 2048), field_of_view=48.7)  # scale augmentation is centred on the original size
tasks = dict(
    semseg=dict(type=SemSeg, classes=Cityscapes.CLASSES, palette=Cityscapes.PALETTE),
    depth=dict(type=Depth, display_range=(4.0, 80.0), max_depth=80.0),
)

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=Cityscapes,
        tasks=tasks,
        root=_root,
        split='train',
        far=80.0,
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomScale, lowest=0.5, highest=2.0),
            dict(type=RandomCropLimited, size=(512, 1024)),
            dict(type=Pad, size=(512, 1024)),
            dict(type=RandomFlip),
            dict(type=PhotometricDistortion),
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=Cityscapes,
        tasks=tasks,
        root=_root,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
