"""Region contrast, table 2: Cityscapes, one label per image; MTPSL on SegNet is in ``mtpsl/table_1.py``."""

from mmengine.config import read_base

with read_base():
    from .methods import (
        cityscapes_onelabel,
        cross_task_hrnet,
        film,
        pixel,
        region_cityscapes,
        ten_restarts,
        vector,
    )

_hrnet = 'supervised_hrnet_w18s_b10_100e_cityscapes_7_full.py'

rows = dict(
    cross_task=(_hrnet, cityscapes_onelabel, cross_task_hrnet, film, ten_restarts),
    region_vector=(_hrnet, cityscapes_onelabel, region_cityscapes, vector, film, ten_restarts),
    region_pixel=(_hrnet, cityscapes_onelabel, region_cityscapes, pixel, film, ten_restarts),
    region_gaussian=(_hrnet, cityscapes_onelabel, region_cityscapes, film, ten_restarts),
)
