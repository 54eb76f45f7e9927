"""SAK (ICLR 2025) in two stages, and frozen encoders with LoRA per task.

``imagenet_stage_1`` distils DINOv2, CLIP and SAM of size L into a ViT-L on ImageNet. ``nyud_40`` and ``pascal`` then
learn the tasks from its checkpoint, with the same teachers. ``..._cvm`` adds the cross-view module. The rows on rooms
have the same parts with a small ViT and a random teacher; they show that the parts run, not that they help.
"""

from mmengine.optim import CosineAnnealingLR, LinearLR

from mmmtl.datasets import FolderDataset, NoLabels
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip, RandomResizedCrop
from mmmtl.models.backbones import SAK, FrozenBackbone, TimmBackbone
from mmmtl.models.consistency_losses import FeatureDistillation
from mmmtl.models.decode_heads import MultiTapHead, PerTaskHead
from mmmtl.models.necks import CrossViewModule
from mmmtl.models.teachers import TimmTeacher

_nyud = '../baseline/multitap_vit_l16_b4_40k_nyud_40_full.py'
_pascal = '../baseline/multitap_vit_l16_b4_40k_pascal_full.py'
_dinov3 = '../baseline/multitap_dinov3_vit_l16_b4_40k_nyud_40_full.py'
_rooms = 'fpn_lite0_b8_400i_rooms_128_full.py'

_taps = (5, 11, 17, 23)
_vit_l = 'vit_large_patch16_384.augreg_in21k_ft_in1k'
_sak_l = dict(
    _delete_=True,
    type=SAK,
    vit=dict(type=TimmBackbone, model_name=_vit_l, out_indices=_taps, img_size=(448, 576)),
    teachers=dict(dinov2=1024, clip=1024, sam=1024),
    init_cfg=dict(type='Pretrained', checkpoint='checkpoints/sak_vit_l16_stage_1.pth', prefix='backbone.'),
)
_teachers_l = dict(
    dinov2=dict(type=TimmTeacher, model_name='vit_large_patch14_dinov2.lvd142m', out_indices=_taps),
    clip=dict(type=TimmTeacher, model_name='vit_large_patch14_clip_336.laion2b_ft_in12k_in1k', out_indices=_taps),
    sam=dict(type=TimmTeacher, model_name='samvit_large_patch16.sa1b', out_indices=_taps, long_side=1024),
)
_maps_per_task = {'model.decode_head.maps_per_task': 4}
_stage_2_l = {
    'model.backbone': _sak_l,
    'model.consistency_losses': dict(distillation=dict(type=FeatureDistillation, teachers=_teachers_l)),
    **_maps_per_task,
}
_512 = {'model.backbone.vit': dict(img_size=(512, 512))}

# The first stage: 30 epochs of 1,281,167 images in batches of 128, on 8 GPUs.
_epoch = 10009
_stage_1 = {
    'model.backbone.mixing': False,
    'model.consistency_losses.distillation.without_tasks': True,
    'train_dataloader.dataset.label_setting': dict(type=NoLabels),
    'val_cfg': None,
    'val_dataloader': None,
    'val_evaluator': None,
}
_imagenet = {
    'protocol': None,
    'train_dataloader.batch_size': 16,
    'train_dataloader.num_workers': 16,
    'auto_scale_lr.base_batch_size': 128,
    'train_dataloader.dataset': dict(
        _delete_=True,
        type=FolderDataset,
        root='imagenet',
        images='train',
        labels={},
        label_setting=dict(type=NoLabels),
        pipeline=[
            dict(type=LoadViews),
            dict(type=RandomResizedCrop, size=(384, 384)),
            dict(type=RandomFlip),
            dict(type=PackViews),
        ],
    ),
    'model.backbone.vit': dict(img_size=384, pretrained=True, check_colours=False),
    'model.backbone.init_cfg': None,
    'optim_wrapper.optimizer': dict(lr=1e-3, weight_decay=0.01),
    'optim_wrapper.clip_grad': None,
    'param_scheduler': [
        dict(type=LinearLR, start_factor=1.25e-4, by_epoch=False, begin=0, end=2 * _epoch),
        dict(
            type=CosineAnnealingLR, by_epoch=False, T_max=28 * _epoch, eta_min=1e-5, begin=2 * _epoch, end=30 * _epoch
        ),
    ],
    'train_cfg.max_iters': 30 * _epoch,
    'default_hooks.checkpoint.interval': _epoch,
}

_cvm_4 = {'model.neck': dict(type=CrossViewModule, fusion=dict(taps=tuple(range(16))))}  # the maps of four tasks

# The same parts at a small size, on generated rooms of 128 x 128.
_small_taps = (2, 5, 8, 11)
_rooms_heads = {
    'model.decode_head': dict(
        _delete_=True, type=PerTaskHead, head=dict(type=MultiTapHead, channels=64), maps_per_task=4
    ),
    'optim_wrapper.optimizer.lr': 5e-4,
}
_rooms_sak = {
    'model.backbone': dict(
        _delete_=True,
        type=SAK,
        vit=dict(type=TimmBackbone, model_name='vit_tiny_patch16_224', out_indices=_small_taps, img_size=128),
        teachers=dict(random=64),
    ),
    'model.consistency_losses': dict(
        distillation=dict(
            type=FeatureDistillation,
            teachers=dict(
                random=dict(type=TimmTeacher, model_name='test_vit', out_indices=(1, 2, 4, 5), pretrained=False)
            ),
            unflip=True,
        )
    ),
    **_rooms_heads,
}
_cvm_3 = {'model.neck': dict(type=CrossViewModule, fusion=dict(taps=tuple(range(12))))}
_vit_tiny = dict(type=TimmBackbone, model_name='vit_tiny_patch16_224', out_indices=_small_taps)
_rooms_lora = {
    'model.backbone': dict(_delete_=True, type=FrozenBackbone, backbone=_vit_tiny, rank=8, layers=r'\.attn\.'),
    **_rooms_heads,
}
_dinov3_l = dict(type=TimmBackbone, model_name='vit_large_patch16_dinov3.lvd1689m', pretrained=True, out_indices=_taps)
_lora_l = {
    'model.backbone': dict(_delete_=True, type=FrozenBackbone, backbone=_dinov3_l, rank=8, layers=r'\.attn\.'),
    'optim_wrapper.optimizer.lr': 2e-4,  # our choice: few weights are trained, from scratch
    **_maps_per_task,
}
_adapter = {'model.backbone': dict(method='adapter', rank=256, layers=None)}

rows = dict(
    imagenet_stage_1=(_nyud, _stage_2_l, _stage_1, _imagenet),
    nyud_40=(_nyud, _stage_2_l),
    nyud_40_cvm=(_nyud, _stage_2_l, _cvm_4),
    pascal=(_pascal, _stage_2_l, _512),
    nyud_40_lora=(_dinov3, _lora_l),
    nyud_40_adapter=(_dinov3, _lora_l, _adapter),
    rooms_stage_1=(_rooms, _rooms_sak, _stage_1),
    rooms=(_rooms, _rooms_sak),
    rooms_cvm=(_rooms, _rooms_sak, _cvm_3),
    rooms_lora=(_rooms, _rooms_lora),
)
