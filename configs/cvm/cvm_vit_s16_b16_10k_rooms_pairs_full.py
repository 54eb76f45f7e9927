"""CvM with ViT-S/16 on rooms: C and F join all four maps at stride 8; 128 planes from 0.5 m to 10 m."""

from mmengine.config import read_base

from mmmtl.models.necks import CrossViewModule

with read_base():
    from ..baseline.multitap_vit_s16_b16_10k_rooms_pairs_full import *

model.update(neck=dict(type=CrossViewModule, cost_volume=dict(depth_range='indoor')))
