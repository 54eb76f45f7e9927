"""Region contrast, table 4: one region per class of the label, on NYUv2 with full labels."""

from mmengine.config import read_base

with read_base():
    from .methods import classes, film, from_all_tasks, vector

_hrnet = 'supervised_hrnet_w18s_b10_20e_nyuv2_13_full.py'

rows = dict(
    label_vector=(_hrnet, classes, from_all_tasks, vector, film),
    label_gaussian=(_hrnet, classes, from_all_tasks, film),
)
