"""ScanNet-like video, overlapping pairs, 240 x 320: depth and derived normals. Root: ``$MMMTL_DATA/scannet``."""

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, PosedVideo, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, PhotometricDistortion, RandomFlip, RandomZoomCrop, Resize
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Depth, Normal

_root = 'scannet/scans'

trained_for = dict(field_of_view=58.0)
tasks = dict(
    depth=dict(type=Depth, display_range=(0.5, 5.0)),
    normal=dict(type=Normal),
)

auto_scale_lr = dict(base_batch_size=4)
train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=PosedVideo,
        tasks=tasks,
        root=_root,
        scenes='scannet/scannetv2_train.txt',
        view_mode='pair',
        every=20,
        pipeline=[
            dict(type=LoadViews),
            dict(type=Resize, size=(240, 320)),
            dict(type=RandomZoomCrop, scales=(1.0, 1.2, 1.5)),
            dict(type=RandomFlip),
            dict(type=PhotometricDistortion),
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=4,
    sampler=dict(type=EvenlySplitSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=PosedVideo,
        tasks=tasks,
        root=_root,
        scenes='scannet/scannetv2_val.txt',
        view_mode='pair',
        every=20,
        pipeline=[dict(type=LoadViews), dict(type=Resize, size=(240, 320)), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric, tasks=tasks)
test_evaluator = val_evaluator
