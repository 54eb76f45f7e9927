"""Generated rooms, 128 x 160, semseg (NYU's 13 classes), depth and normals."""

from mmmtl.datasets import PassSampler, SyntheticRooms
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip
from mmmtl.metrics import MultiTaskMetric
from mmmtl.tasks import Depth, Normal, SemSeg

tasks = dict(
    semseg=dict(type=SemSeg, classes=SyntheticRooms.CLASSES),
    depth=dict(type=Depth, drawn_range=(0.5, 6.0)),
    normal=dict(type=Normal),
)

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=PassSampler),
    dataset=dict(
        type=SyntheticRooms,
        split='train',
        scenes=400,
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomFlip),  # rooms are drawn as varied as one likes: a short run needs no more
            dict(type=PackViews),
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(type=SyntheticRooms, split='val', scenes=30, pipeline=[dict(type=LoadViews), dict(type=PackViews)]),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(type=SyntheticRooms, split='test', scenes=60, pipeline=[dict(type=LoadViews), dict(type=PackViews)]),
)
val_evaluator = dict(type=MultiTaskMetric)
test_evaluator = dict(type=MultiTaskMetric)
