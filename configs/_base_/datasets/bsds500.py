"""Official files of BSDS500 with separate annotators, as its benchmark requires. Root: ``$MMMTL_DATA/BSDS500/data``."""

from mmmtl.datasets import BSDS500, EpochSampler, EvenlySplitSampler, collate_views
from mmmtl.datasets.transforms import CoverCrop, LoadViews, PackViews, PhotometricDistortion, RandomFlip
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Edge

_root = 'BSDS500/data'

protocol = 'bsds500'
trained_for = dict(size=(320, 480))  # whole images of 321 x 481, resized to cover 320 x 320
tasks = dict(edge=dict(type=Edge, annotators=9, max_distance='bsds', interpolation='lines'))

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=BSDS500,
        tasks=tasks,
        root=_root,
        split='train',
        pipeline=[
            dict(type=LoadViews),
            dict(type=CoverCrop, size=(320, 320)),
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
        type=BSDS500,
        tasks=tasks,
        root=_root,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=BSDS500,
        tasks=tasks,
        root=_root,
        split='test',
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
