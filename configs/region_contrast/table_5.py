"""Region contrast, table 5: KL divergence or Wasserstein distance between the Gaussians, on NYUv2."""

from mmengine.config import read_base

with read_base():
    from .methods import film, kl, nyuv2_onelabel, nyuv2_randomlabels, region

_hrnet = 'supervised_hrnet_w18s_b10_20e_nyuv2_13_full.py'

rows = dict(
    randomlabels_kl=(_hrnet, nyuv2_randomlabels, region, kl, film),
    randomlabels_wasserstein=('table_1.py::randomlabels_region_gaussian',),
    onelabel_kl=(_hrnet, nyuv2_onelabel, region, kl, film),
    onelabel_wasserstein=('table_1.py::onelabel_region_gaussian',),
)
