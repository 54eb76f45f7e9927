"""KITTI raw drives, Eigen split, improved depth. Root: ``$MMMTL_DATA/kitti``, with the lists in ``splits``.

652 of Eigen's 697 test images have improved depth; they are evaluated up to 80 m in Garg's crop.
"""

from mmmtl.datasets import KITTI, EpochSampler, EvenlySplitSampler, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, PhotometricDistortion, RandomCropLimited, RandomFlip
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Depth

_root = 'kitti'

protocol = 'kitti/eigen'
trained_for = dict(size=(375, 1242), field_of_view=81.4)  # drives differ by a few pixels
tasks = dict(
    depth=dict(
        type=Depth, display_range=(4.0, 60.0), min_depth=1e-3, max_depth=80.0, crop='garg', interpolation='points'
    )
)

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=KITTI,
        tasks=tasks,
        root=_root,
        frames='kitti/splits/eigen_train_files.txt',
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
    num_workers=4,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=KITTI,
        tasks=tasks,
        root=_root,
        frames='kitti/splits/eigen_test_files.txt',
        count=652,
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
