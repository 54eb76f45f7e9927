"""CamVid at 240 x 320, 11 classes. Root: ``$MMMTL_DATA/real_bench/camvid``."""

from mmmtl.datasets import CamVid, EpochSampler, EvenlySplitSampler, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, PhotometricDistortion, RandomFlip, RandomZoomCrop
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import SemSeg

_root = 'real_bench/camvid'

protocol = 'camvid-11/240x320'
trained_for = dict(size=(240, 320))
tasks = dict(semseg=dict(type=SemSeg, classes=CamVid.CLASSES, palette=CamVid.PALETTE))

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=CamVid,
        tasks=tasks,
        root=_root,
        split='train',
        pipeline=[
            dict(type=LoadViews),
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
        type=CamVid,
        tasks=tasks,
        root=_root,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
