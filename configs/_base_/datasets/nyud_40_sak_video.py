"""NYUD-v2 with SAK's protocol, plus posed pairs from its raw videos; the pairs have depth labels only.

Roots: ``$MMMTL_DATA/NYUDv2``, and ``$MMMTL_DATA/nyuv2_video``, which ``estimate_poses.py`` creates from
the videos of the scenes in the training split. A batch of 4 images has 2 labelled images and 1 pair. Validation and
test use the labelled single images, exactly as in ``nyud_40_sak``.
"""

from mmengine.config import read_base

from mmmtl.datasets import ConcatDataset, OnlyLabels, PosedViews, RatioSampler

with read_base():
    from .nyud_40_sak import *

_labelled = train_dataloader['dataset']
auto_scale_lr = dict(base_batch_size=3)
train_dataloader = dict(
    batch_size=3,  # scenes
    num_workers=4,
    sampler=dict(type=RatioSampler, batch_size=3, ratios=dict(labelled=2, video=1)),
    collate_fn=dict(type=collate_views),
    dataset=dict(
        type=ConcatDataset,
        parts=dict(
            labelled=_labelled,
            video=dict(
                type=PosedViews,
                tasks=tasks,
                root='nyuv2_video',
                split='all',
                view_mode='all',
                label_setting=dict(type=OnlyLabels, names=('depth',)),
                pipeline=_labelled['pipeline'],
            ),
        ),
    ),
)
