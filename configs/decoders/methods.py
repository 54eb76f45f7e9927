"""Decoders with their published encoders and optimizers, as changes to a supervised recipe.

A table adds what depends on its dataset: image size, genotype, length of training.
"""

from torch.optim import SGD, Adam

from mmmtl.models.backbones import ResizedInput, ViTBackbone
from mmmtl.models.decode_heads import ATRCHead, InvPTHead, MemoryExpertsHead, MLoREHead, MTINetHead, PADNetHead

_vit_l16 = dict(
    type=ViTBackbone,
    model_name='vit_large_patch16_384.augreg_in21k_ft_in1k',
    pretrained=True,
    check_colours=False,  # published with the mean and std of ImageNet
    out_indices=(5, 11, 17, 23),
    drop_path_rate=0.15,
)


def _adam(lr: float) -> dict:
    return {'optim_wrapper.optimizer': dict(_delete_=True, type=Adam, lr=lr, weight_decay=1e-6)}


pad_net = {'model.decode_head': dict(_delete_=True, type=PADNetHead)}
mti_net = {'model.decode_head': dict(_delete_=True, type=MTINetHead)}
atrc = {
    'model.decode_head': dict(_delete_=True, type=ATRCHead),
    'optim_wrapper.optimizer': dict(_delete_=True, type=SGD, lr=0.01, momentum=0.9, weight_decay=5e-4),
}
invpt = {  # published: six images on three devices, Adam without clipping, synchronized batch norm
    'model.backbone': dict(_delete_=True, **_vit_l16),
    'model.decode_head': dict(_delete_=True, type=InvPTHead),
    'train_dataloader.batch_size': 6,
    'auto_scale_lr.base_batch_size': 6,
    **_adam(2e-5),
    'optim_wrapper.clip_grad': None,
    'sync_bn': 'torch',
}
mlore_nyud = {
    'model.backbone': dict(_delete_=True, type=ResizedInput, backbone=dict(_vit_l16, class_token=False)),
    'model.decode_head': dict(_delete_=True, type=MLoREHead),
    **_adam(1e-5),
}
mlore_pascal = {
    **mlore_nyud,
    'model.decode_head': dict(
        _delete_=True,
        type=MLoREHead,
        channels=452,
        experts=dict(ranks=tuple(range(16, 129, 8)), task_rank=72, mask='weights'),
    ),
    **_adam(2e-5),
}
memory_experts = {
    'model.backbone': dict(_delete_=True, **_vit_l16),
    'model.decode_head': dict(_delete_=True, type=MemoryExpertsHead, channels=768),
}
