"""Region contrast, table 1: NYUv2, random labels, one label; MTPSL on SegNet is in ``mtpsl/table_2.py``.

The rows ``*_memory_experts*`` are our counterpart of those with TaskExpert, whose code and recipe were never released:
a memory mixture of experts on ViT-L, with the learning rate of the other recipes on ViT-L.
"""

from mmengine.config import read_base

from mmmtl.models.backbones import ViTBackbone
from mmmtl.models.decode_heads import MemoryExpertsHead

with read_base():
    from .methods import cross_task_hrnet, film, from_all_tasks, nyuv2_onelabel, nyuv2_randomlabels, patch, region

_hrnet = 'supervised_hrnet_w18s_b10_20e_nyuv2_13_full.py'
_segnet = 'supervised_segnet_b10_20e_nyuv2_13_full.py'
_memory_experts = {
    'model.backbone': dict(
        _delete_=True,
        type=ViTBackbone,
        model_name='vit_large_patch16_384.augreg_in21k_ft_in1k',
        pretrained=True,
        check_colours=False,  # the other rows use the mean and std of ImageNet
        out_indices=(5, 11, 17, 23),
        img_size=(288, 384),
        drop_path_rate=0.15,
    ),
    'model.decode_head': dict(_delete_=True, type=MemoryExpertsHead, channels=768),
    'optim_wrapper.optimizer.lr': 2e-5,
}

rows = dict(
    randomlabels_segnet_region_gaussian=(_segnet, nyuv2_randomlabels, region, film),
    randomlabels_cross_task=(_hrnet, nyuv2_randomlabels, cross_task_hrnet, film),
    randomlabels_patch_gaussian=(_hrnet, nyuv2_randomlabels, patch, film),
    randomlabels_region_gaussian=(_hrnet, nyuv2_randomlabels, region, film),
    onelabel_segnet_region_gaussian=(_segnet, nyuv2_onelabel, region, film),
    onelabel_cross_task=(_hrnet, nyuv2_onelabel, cross_task_hrnet, film),
    onelabel_patch_gaussian=(_hrnet, nyuv2_onelabel, patch, film),
    onelabel_region_gaussian=(_hrnet, nyuv2_onelabel, region, film),
    full_memory_experts=(_hrnet, _memory_experts),
    full_memory_experts_region_gaussian=(_hrnet, _memory_experts, region, from_all_tasks, film),
    randomlabels_memory_experts=(_hrnet, _memory_experts, nyuv2_randomlabels),
    randomlabels_memory_experts_region_gaussian=(_hrnet, _memory_experts, nyuv2_randomlabels, region, film),
    onelabel_memory_experts=(_hrnet, _memory_experts, nyuv2_onelabel),
    onelabel_memory_experts_region_gaussian=(_hrnet, _memory_experts, nyuv2_onelabel, region, film),
)
