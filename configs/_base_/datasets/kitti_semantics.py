"""200 images of KITTI 2015 with 19 classes, 40 of them held out by us. Root: ``$MMMTL_DATA/kitti/semantics``."""

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, KITTISemantics, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, PhotometricDistortion, RandomCropLimited, RandomFlip
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import SemSeg

_root = 'kitti/semantics'

protocol = 'kitti-semantics/fifth'
trained_for = dict(size=(375, 1242))
tasks = dict(semseg=dict(type=SemSeg, classes=KITTISemantics.CLASSES, palette=KITTISemantics.PALETTE))

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=KITTISemantics,
        tasks=tasks,
        root=_root,
        split='train',
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomCropLimited, size=(352, 704)),
            dict(type=RandomFlip),
            dict(type=PhotometricDistortion),
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=KITTISemantics,
        tasks=tasks,
        root=_root,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
