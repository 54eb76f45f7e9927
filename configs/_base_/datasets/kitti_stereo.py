"""KITTI pairs as in Pseudo-MTL at 192 x 480; all training labels are pseudo labels. Root: ``$MMMTL_DATA/kitti``.

First run ``mmmtl pseudo-disparity CONFIG`` and ``mmmtl pseudo-semseg CONFIG ...``. Evaluated
are Eigen's 697 images against the scanner up to 80 m (table 2), 652 of them against improved depth (table 6), both in
Garg's crop, and the classes of the 200 labelled images of KITTI 2015 (root: ``$MMMTL_DATA/kitti_semantics``).
"""

from mmmtl.datasets import (
    KITTI,
    ConcatDataset,
    EpochSampler,
    EvenlySplitSampler,
    KITTISemantics,
    OnlyLabels,
    collate_views,
)
from mmmtl.datasets.transforms import (
    LoadPseudoLabels,
    LoadViews,
    PackViews,
    PhotometricDistortion,
    RandomFlip,
    RectifiedPair,
    Resize,
)
from mmmtl.metrics import MultiTaskMetric, PerDatasetMetric
from mmmtl.tasks import InverseDepth, SemSeg

protocol = 'kitti/pseudo-mtl'
tasks = dict(
    semseg=dict(type=SemSeg, classes=KITTISemantics.CLASSES, palette=KITTISemantics.PALETTE),
    # f B / W of KITTI: 721.5 * 0.54 / 1242 m
    depth=dict(type=InverseDepth, unit=0.31, display_range=(4.0, 60.0), min_depth=1e-3, max_depth=80.0, crop='garg'),
)

_root = 'kitti'
_whole = [dict(type=LoadViews), dict(type=PackViews)]
_eigen = dict(type=KITTI, tasks=tasks, root=_root, frames='kitti/splits/eigen_test_files.txt', pipeline=_whole)

auto_scale_lr = dict(base_batch_size=4)
train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=KITTI,
        tasks=tasks,
        root=_root,
        frames='kitti/splits/eigen_train_files.txt',
        view_mode='stereo',
        unlabelled='keep',
        label_setting=dict(type=OnlyLabels, names=()),
        pipeline=[
            dict(type=LoadViews),
            dict(type=RectifiedPair, order='sort'),
            dict(
                type=LoadPseudoLabels,
                tasks=tasks,
                folder='pseudo/kitti/train',
                names=('disparity', 'confidence', 'semseg'),
            ),
            dict(type=Resize, size=(192, 480)),
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
        type=ConcatDataset,
        parts=dict(
            eigen=dict(**_eigen, depth='lidar', count=697),
            improved=dict(**_eigen, depth='improved', count=652),
            semantics=dict(type=KITTISemantics, tasks=tasks, root='kitti_semantics', split='all', pipeline=_whole),
        ),
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    type=PerDatasetMetric,
    parts=dict(
        eigen=dict(type=MultiTaskMetric, tasks=tasks),
        improved=dict(type=MultiTaskMetric, tasks=tasks),
        semantics=dict(type=MultiTaskMetric, tasks=tasks),
    ),
)
test_evaluator = val_evaluator
