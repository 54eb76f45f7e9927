"""Three datasets combined: CamVid has semseg, BSDS500 (merged) has edges, posed pairs have depth and normals.

Training images are resized to 240 x 320. Validation images keep their size, including upright images of BSDS500. Every
batch of 8 samples has 3 images of CamVid, 3 of BSDS500 and 2 pairs, 10 images in total.
Roots: below ``$MMMTL_DATA/real_bench``.
"""

from mmmtl.datasets import (
    BSDS500Fractions,
    CamVid,
    ConcatDataset,
    EvenlySplitSampler,
    PosedViews,
    RatioSampler,
    collate_views,
)
from mmmtl.datasets.transforms import CoverCrop, LoadViews, PackViews, PhotometricDistortion, RandomFlip, RandomZoomCrop
from mmmtl.metrics import MultiTaskMetric, PerDatasetMetric
from mmmtl.tasks import Depth, Edge, Normal, SemSeg

protocol = 'camvid-bsds500-two-view'
trained_for = dict(size=(240, 320), field_of_view=58.6)  # the camera is that of the images with depth
tasks = dict(
    semseg=dict(type=SemSeg, classes=CamVid.CLASSES, palette=CamVid.PALETTE),
    edge=dict(type=Edge, max_distance='bsds', interpolation='lines'),
    depth=dict(type=Depth, display_range=(0.5, 5.0)),
    normal=dict(type=Normal),
)

_train_pipeline = [
    dict(type=LoadViews),
    dict(type=CoverCrop, size=(240, 320)),
    dict(type=RandomZoomCrop, scales=(1.0, 1.2, 1.5)),
    dict(type=RandomFlip),
    dict(type=PhotometricDistortion),
    dict(type=PackViews),
]
_two_view = dict(
    type=PosedViews, tasks=tasks, root='real_bench/two_view', val_scenes=('rgbd_0005?', 'sun3d_0003?'), view_mode='all'
)
_val_pipeline = [dict(type=LoadViews), dict(type=PackViews)]

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=RatioSampler, batch_size=8, ratios=dict(camvid=3, bsds500=3, two_view=2)),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=ConcatDataset,
        parts=dict(
            camvid=dict(type=CamVid, tasks=tasks, root='real_bench/camvid', split='train', pipeline=_train_pipeline),
            bsds500=dict(
                type=BSDS500Fractions, tasks=tasks, root='real_bench/bsds500', split='train', pipeline=_train_pipeline
            ),
            two_view=dict(**_two_view, split='train', pipeline=_train_pipeline),
        ),
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=ConcatDataset,
        parts=dict(
            camvid=dict(type=CamVid, tasks=tasks, root='real_bench/camvid', split='val', pipeline=_val_pipeline),
            bsds500=dict(
                type=BSDS500Fractions, tasks=tasks, root='real_bench/bsds500', split='val', pipeline=_val_pipeline
            ),
            two_view=dict(**_two_view, split='val', pipeline=_val_pipeline),
        ),
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    type=PerDatasetMetric,
    parts=dict(
        camvid=dict(type=MultiTaskMetric, tasks=tasks),
        bsds500=dict(type=MultiTaskMetric, tasks=tasks),
        two_view=dict(type=MultiTaskMetric, tasks=tasks),
    ),
)
test_evaluator = val_evaluator
