"""Region contrast, table 6: HRNet-w18 on NYUv2 with full labels."""

from mmengine.config import read_base

with read_base():
    from .methods import cross_task_hrnet, film, from_all_tasks, pixel, region, vector

_hrnet = 'supervised_hrnet_w18s_b10_20e_nyuv2_13_full.py'

rows = dict(
    supervised=(_hrnet,),
    cross_task=(_hrnet, cross_task_hrnet, {'model.consistency_losses.cross_task.from_tasks': 'all'}, film),
    region_vector=(_hrnet, region, from_all_tasks, vector, film),
    region_pixel=(_hrnet, region, from_all_tasks, pixel, film),
    region_gaussian=(_hrnet, region, from_all_tasks, film),
)
