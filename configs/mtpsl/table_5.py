"""MTPSL, table 5: SegNet on NYUv2 with 13 classes and full labels; ``single_task.py`` gives its single-task row."""

from mmengine.config import read_base

from mmmtl.models.loss_weighting import MGDA, DynamicWeightAverage, GradNorm, UncertaintyWeighting

with read_base():
    from .methods import cross_task_full, film, perceptual_map

_segnet = '../baseline/conv_segnet_b2_200e_nyuv2_13_full.py'
_uncertainty = {'model.loss_weighting': dict(type=UncertaintyWeighting)}

rows = dict(
    full=(_segnet,),
    mtan=('../soft_sharing/segnet.py::mtan_nyuv2_13',),
    uncertainty=(_segnet, _uncertainty),
    gradnorm=(_segnet, {'model.loss_weighting': dict(type=GradNorm)}),
    mgda=(_segnet, {'model.loss_weighting': dict(type=MGDA)}),
    dwa=(_segnet, {'model.loss_weighting': dict(type=DynamicWeightAverage)}),
    perceptual_map=(_segnet, perceptual_map),
    cross_task=(_segnet, cross_task_full, film),
    cross_task_uncertainty=(_segnet, cross_task_full, film, _uncertainty),
)
