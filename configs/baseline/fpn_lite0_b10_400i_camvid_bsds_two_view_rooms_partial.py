"""Depth, normals and edges of generated rooms beside the three datasets of photographs: two rooms per batch."""

from mmengine.config import read_base

from mmmtl.datasets.label_settings import OnlyLabels
from mmmtl.datasets.transforms import (
    LoadViews,
    PackViews,
    RandomBlur,
    RandomExposure,
    RandomFlip,
    RandomJPEG,
    RandomNoise,
)
from mmmtl.synthetic_rooms import SyntheticRooms

with read_base():
    from .fpn_lite0_b8_400i_camvid_bsds_two_view_partial import *

train_dataloader.update(batch_size=10)
auto_scale_lr.update(base_batch_size=10)
train_dataloader['sampler'].update(batch_size=10, ratios=dict(camvid=3, bsds500=3, two_view=2, rooms=2))
train_dataloader['dataset']['parts'].update(
    rooms=dict(
        type=SyntheticRooms,
        tasks=tasks,
        split='train',
        scenes=500,
        num_views=2,
        size=(192, 256),
        variety='realistic',
        label_setting=dict(type=OnlyLabels, names=('edge', 'depth', 'normal')),
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomFlip),
            dict(type=RandomExposure),
            dict(type=RandomBlur),
            dict(type=RandomNoise),
            dict(type=RandomJPEG),
            dict(type=PackViews),
        ],
    )
)
