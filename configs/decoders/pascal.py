"""Decoders of multi-task networks on PASCAL-Context; each row has the published encoder and schedule of its decoder."""

from torch.optim import Adam

from mmmtl.models.backbones import ResizedInput, ViTBackbone
from mmmtl.models.consistency_losses import ExpertBalance
from mmmtl.models.decode_heads import MemoryExpertsHead, MLoREHead, MTINetHead, PADNetHead

_hrnet = 'hrnet_w18s_b8_100e_pascal_full.py'
_vit = '../baseline/multitap_vit_l16_b4_40k_pascal_full.py'


def _head(**options) -> dict:
    return {'model.decode_head': dict(_delete_=True, **options)}


_vit_l16 = dict(
    type=ViTBackbone,
    model_name='vit_large_patch16_384.augreg_in21k_ft_in1k',
    pretrained=True,
    check_colours=False,  # published with the mean and std of ImageNet
    out_indices=(5, 11, 17, 23),
    img_size=(512, 512),
    drop_path_rate=0.15,
)
_mlore = {  # for images of one size
    'model.backbone': dict(
        _delete_=True, type=ResizedInput, size=(512, 512), backbone=dict(_vit_l16, class_token=False)
    ),
    **_head(
        type=MLoREHead,
        image_size=(512, 512),
        channels=452,
        experts=dict(ranks=tuple(range(16, 129, 8)), task_rank=72, mask='weights'),
    ),
    'model.consistency_losses': dict(balance=dict(type=ExpertBalance, weight=3e-4)),
    'tasks.edge.loss': dict(positive_weight=0.925),
    'optim_wrapper.optimizer': dict(_delete_=True, type=Adam, lr=2e-5, weight_decay=1e-6),
}
_memory_experts = {
    'model.backbone': dict(_delete_=True, **_vit_l16),
    **_head(type=MemoryExpertsHead, channels=768),
}

rows = dict(
    pad_net=(_hrnet, _head(type=PADNetHead)),
    mti_net=(_hrnet, _head(type=MTINetHead)),
    mlore=(_vit, _mlore),
    memory_experts=(_vit, _memory_experts),
)
