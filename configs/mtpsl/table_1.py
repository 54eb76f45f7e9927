"""MTPSL, table 1: SegNet on Cityscapes with 7 classes; full labels, one label per image."""

from mmengine.config import read_base

with read_base():
    from .methods import (
        cityscapes_onelabel,
        contrastive,
        cross_task,
        direct_map,
        discriminator,
        film_cityscapes,
        perceptual_map,
        semi,
    )

_segnet = '../baseline/conv_segnet_b8_200e_cityscapes_7_full.py'

rows = dict(
    full=(_segnet,),
    onelabel_supervised=(_segnet, cityscapes_onelabel),
    onelabel_semi=(_segnet, cityscapes_onelabel, semi),
    onelabel_contrastive=(_segnet, cityscapes_onelabel, contrastive, film_cityscapes),
    onelabel_discriminator=(_segnet, cityscapes_onelabel, discriminator, film_cityscapes),
    onelabel_perceptual_map=(_segnet, cityscapes_onelabel, perceptual_map),
    onelabel_direct_map=(_segnet, cityscapes_onelabel, direct_map),
    onelabel_cross_task=(_segnet, cityscapes_onelabel, cross_task, film_cityscapes),
)
