"""Region contrast, table 1: NYUv2, random labels, one label; MTPSL on SegNet is in ``mtpsl/table_2.py``."""

from mmengine.config import read_base

with read_base():
    from .methods import cross_task_hrnet, film, nyuv2_onelabel, nyuv2_randomlabels, patch, region

_hrnet = 'supervised_hrnet_w18s_b10_20e_nyuv2_13_full.py'
_segnet = 'supervised_segnet_b10_20e_nyuv2_13_full.py'

rows = dict(
    randomlabels_segnet_region_gaussian=(_segnet, nyuv2_randomlabels, region, film),
    randomlabels_cross_task=(_hrnet, nyuv2_randomlabels, cross_task_hrnet, film),
    randomlabels_patch_gaussian=(_hrnet, nyuv2_randomlabels, patch, film),
    randomlabels_region_gaussian=(_hrnet, nyuv2_randomlabels, region, film),
    onelabel_segnet_region_gaussian=(_segnet, nyuv2_onelabel, region, film),
    onelabel_cross_task=(_hrnet, nyuv2_onelabel, cross_task_hrnet, film),
    onelabel_patch_gaussian=(_hrnet, nyuv2_onelabel, patch, film),
    onelabel_region_gaussian=(_hrnet, nyuv2_onelabel, region, film),
)
