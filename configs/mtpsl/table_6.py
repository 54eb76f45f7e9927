"""MTPSL, table 6: table 2 without FiLM (no_cond) and without the regularizer (no_reg)."""

from mmengine.config import read_base

with read_base():
    from .methods import cross_task, film, no_cond, no_reg, nyuv2_onelabel, nyuv2_randomlabels

_segnet = '../baseline/conv_segnet_b2_200e_nyuv2_13_full.py'

rows = dict(
    randomlabels_supervised=('table_2.py::randomlabels_supervised',),
    randomlabels_no_cond=(_segnet, nyuv2_randomlabels, cross_task, no_cond),
    randomlabels_no_reg=(_segnet, nyuv2_randomlabels, cross_task, film, no_reg),
    randomlabels_cross_task=('table_2.py::randomlabels_cross_task',),
    onelabel_supervised=('table_2.py::onelabel_supervised',),
    onelabel_no_cond=(_segnet, nyuv2_onelabel, cross_task, no_cond),
    onelabel_no_reg=(_segnet, nyuv2_onelabel, cross_task, film, no_reg),
    onelabel_cross_task=('table_2.py::onelabel_cross_task',),
)
