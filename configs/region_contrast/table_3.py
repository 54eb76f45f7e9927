"""Region contrast, table 3: regions or patches, on NYUv2 with random labels and one label per image."""

from mmengine.config import read_base

with read_base():
    from .methods import film, nyuv2_onelabel, nyuv2_randomlabels, patch, pixel, region, vector

_hrnet = 'supervised_hrnet_w18s_b10_20e_nyuv2_13_full.py'

rows = dict(
    randomlabels_patch_vector=(_hrnet, nyuv2_randomlabels, patch, vector, film),
    randomlabels_patch_pixel=(_hrnet, nyuv2_randomlabels, patch, pixel, film),
    randomlabels_patch_gaussian=('table_1.py::randomlabels_patch_gaussian',),
    randomlabels_region_vector=(_hrnet, nyuv2_randomlabels, region, vector, film),
    randomlabels_region_pixel=(_hrnet, nyuv2_randomlabels, region, pixel, film),
    randomlabels_region_gaussian=('table_1.py::randomlabels_region_gaussian',),
    onelabel_patch_vector=(_hrnet, nyuv2_onelabel, patch, vector, film),
    onelabel_patch_pixel=(_hrnet, nyuv2_onelabel, patch, pixel, film),
    onelabel_patch_gaussian=('table_1.py::onelabel_patch_gaussian',),
    onelabel_region_vector=(_hrnet, nyuv2_onelabel, region, vector, film),
    onelabel_region_pixel=(_hrnet, nyuv2_onelabel, region, pixel, film),
    onelabel_region_gaussian=('table_1.py::onelabel_region_gaussian',),
)
