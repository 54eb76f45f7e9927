"""BSDS500 at two thirds of its size, annotators merged; not its benchmark. Root: ``$MMMTL_DATA/real_bench/bsds500``."""

from mmmtl.datasets import BSDS500Fractions, EpochSampler, EvenlySplitSampler, collate_views
from mmmtl.datasets.transforms import CoverCrop, LoadViews, PackViews, PhotometricDistortion, RandomFlip
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Edge

_root = 'real_bench/bsds500'

protocol = 'bsds500/merged'
trained_for = dict(size=(240, 360))  # whole images of 214 x 321, resized to cover 240 x 320
tasks = dict(edge=dict(type=Edge, max_distance='bsds', interpolation='lines'))

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=BSDS500Fractions,
        tasks=tasks,
        root=_root,
        split='train',
        pipeline=[
            dict(type=LoadViews),
            dict(type=CoverCrop, size=(240, 320)),
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
        type=BSDS500Fractions,
        tasks=tasks,
        root=_root,
        split='val',
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
