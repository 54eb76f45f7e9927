"""NYUD-v2 in SAK's protocol with posed pairs of its raw videos beside the labelled images, which teach depth only.

Roots: ``$MMMTL_DATA/NYUDv2`` and ``$MMMTL_DATA/nyuv2_video``, the latter made by ``estimate_poses.py`` from
videos of the training split's places. Every batch of 4 images holds 2 labelled images and 1 pair. Tested on single
images, so the protocol is the same.
"""

from mmengine.config import read_base

from mmmtl.datasets import ConcatDataset, OnlyLabels, PosedViews, RatioSampler

with read_base():
    from .nyud_40_sak import *

_labelled = train_dataloader['dataset']
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
