"""MTPSL, table 2: SegNet on NYUv2 with 13 classes; full labels, random labels, one label per image."""

from mmengine.config import read_base

with read_base():
    from .methods import cross_task, direct_map, film, nyuv2_onelabel, nyuv2_randomlabels, perceptual_map, semi

_segnet = '../baseline/conv_segnet_b2_200e_nyuv2_13_full.py'

rows = dict(
    full=(_segnet,),
    randomlabels_supervised=(_segnet, nyuv2_randomlabels),
    randomlabels_semi=(_segnet, nyuv2_randomlabels, semi),
    randomlabels_perceptual_map=(_segnet, nyuv2_randomlabels, perceptual_map),
    randomlabels_direct_map=(_segnet, nyuv2_randomlabels, direct_map),
    randomlabels_cross_task=(_segnet, nyuv2_randomlabels, cross_task, film),
    onelabel_supervised=(_segnet, nyuv2_onelabel),
    onelabel_semi=(_segnet, nyuv2_onelabel, semi),
    onelabel_perceptual_map=(_segnet, nyuv2_onelabel, perceptual_map),
    onelabel_direct_map=(_segnet, nyuv2_onelabel, direct_map),
    onelabel_cross_task=(_segnet, nyuv2_onelabel, cross_task, film),
)
