"""Plain baseline of SAK on NYUD-v2, 40 classes: pretrained ViT-L/16, four feature maps per head."""

from mmengine.config import read_base

with read_base():
    from .multitap_vit_b16_b4_40k_nyud_40_full import *

model['backbone'].update(model_name='vit_large_patch16_384.augreg_in21k_ft_in1k', out_indices=(5, 11, 17, 23))
