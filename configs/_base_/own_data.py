"""Images with folders of labels: EfficientNet-Lite0 from ImageNet, a feature pyramid and 600 iterations.

A config that inherits it states ``tasks``, and ``root`` and ``labels`` of the data, as ``mmmtl new-project`` writes
them. Training images are resized and cropped to 240 x 320. One image in five, by its name, is held out for validation.
"""

from mmengine.config import read_base

from mmmtl.datasets import EpochSampler, EvenlySplitSampler, FolderDataset, StableHoldOutSplit, collate_views
from mmmtl.datasets.transforms import CoverCrop, LoadViews, PackViews, PhotometricDistortion, RandomFlip, RandomZoomCrop
from mmmtl.metrics import MultiTaskMetric
from mmmtl.optim import WarmUpCosineLR

with read_base():
    from .models.fpn_lite0 import *
    from .schedules.rooms_600i import *

optim_wrapper['optimizer'].update(lr=1e-3)  # for a pretrained encoder; 2e-3 from scratch
param_scheduler = [dict(type=WarmUpCosineLR, by_epoch=False)]  # as long as train_cfg.max_iters
default_hooks['checkpoint'].update(interval=200)
train_cfg.update(val_interval=200)

trained_for = dict(size=(240, 320))

auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type=EpochSampler),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=FolderDataset,
        held_out=dict(type=StableHoldOutSplit, fraction=0.2),
        pipeline=[
            dict(type=LoadViews),
            dict(type=CoverCrop, size=(240, 320)),
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
        type=FolderDataset,
        held_out=dict(type=StableHoldOutSplit, fraction=0.2, give='slice'),
        pipeline=[dict(type=LoadViews), dict(type=PackViews)],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type=MultiTaskMetric)
test_evaluator = val_evaluator
