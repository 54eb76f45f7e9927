"""MTPSL, table 4: SegNet on Cityscapes with 7 classes; ratio of images with segmentation to depth 1:9 and 9:1."""

from mmengine.config import read_base

with read_base():
    from .methods import (
        cityscapes_ratio_1_9,
        cityscapes_ratio_9_1,
        cross_task,
        direct_map,
        film_cityscapes,
        perceptual_map,
        semi,
    )

_segnet = '../baseline/conv_segnet_b8_200e_cityscapes_7_full.py'

rows = dict(
    ratio_1_9_supervised=(_segnet, cityscapes_ratio_1_9),
    ratio_1_9_semi=(_segnet, cityscapes_ratio_1_9, semi),
    ratio_1_9_perceptual_map=(_segnet, cityscapes_ratio_1_9, perceptual_map),
    ratio_1_9_direct_map=(_segnet, cityscapes_ratio_1_9, direct_map),
    ratio_1_9_cross_task=(_segnet, cityscapes_ratio_1_9, cross_task, film_cityscapes),
    ratio_9_1_supervised=(_segnet, cityscapes_ratio_9_1),
    ratio_9_1_semi=(_segnet, cityscapes_ratio_9_1, semi),
    ratio_9_1_perceptual_map=(_segnet, cityscapes_ratio_9_1, perceptual_map),
    ratio_9_1_direct_map=(_segnet, cityscapes_ratio_9_1, direct_map),
    ratio_9_1_cross_task=(_segnet, cityscapes_ratio_9_1, cross_task, film_cityscapes),
)
