"""MTPSL, table 3: ResNet-18 on PASCAL-Context, five tasks; full labels, random labels, one label per image."""

from mmengine.config import read_base

with read_base():
    from .methods import cross_task, pascal_onelabel, pascal_randomlabels, residual_space, semi

_resnet18 = '../baseline/aspp_resnet18_b6_100e_pascal_full.py'

rows = dict(
    full=(_resnet18,),
    randomlabels_supervised=(_resnet18, pascal_randomlabels),
    randomlabels_semi=(_resnet18, pascal_randomlabels, semi),
    randomlabels_cross_task=(_resnet18, pascal_randomlabels, cross_task, residual_space),
    onelabel_supervised=(_resnet18, pascal_onelabel),
    onelabel_semi=(_resnet18, pascal_onelabel, semi),
    onelabel_cross_task=(_resnet18, pascal_onelabel, cross_task, residual_space),
)
