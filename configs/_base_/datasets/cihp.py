"""CIHP: human parts in 20 classes and the outlines of people. Roots: ``$MMMTL_DATA/cihp/{train,val}``."""

from mmmtl.datasets import CIHP, EpochSampler, EvenlySplitSampler, collate_views
from mmmtl.datasets.transforms import AtTrainedScale, CoverCrop, LoadViews, PackViews, PhotometricDistortion, RandomFlip
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Edge, HumanParts

protocol = None  # no published protocol has both tasks
trained_for = dict(size=(384, 512))  # the common aspect ratio, resized to cover 384 x 384
tasks = dict(
    human_parts=dict(type=HumanParts, classes=CIHP.CLASSES),
    edge=dict(type=Edge, max_distance='pascal', interpolation='lines'),
)

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=CIHP,
        tasks=tasks,
        root='cihp/train',
        pipeline=[
            dict(type=LoadViews),
            dict(type=CoverCrop, size=(384, 384)),
            dict(type=RandomFlip),
            dict(type=PhotometricDistortion),
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=CIHP,
        tasks=tasks,
        root='cihp/val',
        pipeline=[dict(type=LoadViews), dict(type=AtTrainedScale, trained_for=trained_for), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
