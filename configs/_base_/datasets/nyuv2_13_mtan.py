"""NYUv2 as published with MTAN, 288 x 384: 13 classes, depth, normals. Root: ``$MMMTL_DATA/nyuv2``."""

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, NYUv2, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomZoomCrop
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Depth, Normal, SemSeg

_root = 'nyuv2'

protocol = 'nyuv2-13/mtan'
tasks = dict(
    semseg=dict(type=SemSeg, classes=NYUv2.CLASSES),
    depth=dict(type=Depth, display_range=(0.7, 8.0)),
    normal=dict(type=Normal),
)

auto_scale_lr = dict(base_batch_size=2)
train_dataloader = dict(
    batch_size=2,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=NYUv2,
        tasks=tasks,
        root=_root,
        split='train',
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomZoomCrop, scales=(1.0, 1.2, 1.5)),
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
        type=NYUv2,
        tasks=tasks,
        root=_root,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
