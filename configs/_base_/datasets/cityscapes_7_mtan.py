"""MTAN's Cityscapes, 128 x 256: 7 classes, disparity as depth. Root: ``$MMMTL_DATA/cityscapes_mtan``."""

from mmmtl.datasets import CityscapesMTAN, EpochSampler, EvenlySplitSampler, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip, RandomZoomCrop
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Depth, SemSeg

_root = 'cityscapes_mtan'

protocol = 'cityscapes-7/mtan'
trained_for = dict(size=(128, 256))
tasks = dict(
    semseg=dict(type=SemSeg, classes=CityscapesMTAN.CLASSES),
    depth=dict(type=Depth),
)

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=CityscapesMTAN,
        tasks=tasks,
        root=_root,
        split='train',
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomZoomCrop, scales=(1.0, 1.2, 1.5)),
            dict(type=RandomFlip),
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
        type=CityscapesMTAN,
        tasks=tasks,
        root=_root,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
