"""Decoders of multi-task networks on one encoder, pretrained EfficientNet-Lite0, on generated rooms of 128 x 128.

In the rows ``one_label_*``, each image has the label of one task, with and without region contrast.
"""

from mmmtl.datasets import OneLabel
from mmmtl.models.backbones import ResizedInput, TimmBackbone
from mmmtl.models.consistency_losses import ExpertBalance, RegionContrast
from mmmtl.models.decode_heads import ATRCHead, InvPTHead, MemoryExpertsHead, MLoREHead, MTINetHead, PADNetHead

_fpn = 'fpn_lite0_b8_400i_rooms_128_full.py'


def _head(**options) -> dict:
    return {'model.decode_head': dict(_delete_=True, **options)}


# relations that ATRC found on NYUD-v2, without its edges
_relations = dict(
    semseg=dict(semseg='t-label', depth='t-label', normal='s-label'),
    depth=dict(semseg='s-label', depth='t-label', normal='s-label'),
    normal=dict(semseg='s-label', depth='t-label', normal='t-label'),
)
_mlore = {  # the head needs images of one size
    'model.backbone': dict(
        _delete_=True,
        type=ResizedInput,
        size=(128, 128),
        backbone=dict(type=TimmBackbone, model_name='tf_efficientnet_lite0', out_indices=(1, 2, 3, 4), pretrained=True),
    ),
    **_head(
        type=MLoREHead,
        image_size=(128, 128),
        channels=64,
        stride=8,
        experts=dict(ranks=(4, 8, 12, 16, 20, 24), task_rank=4, top_k=4),
    ),
    'model.consistency_losses': dict(balance=dict(type=ExpertBalance, weight=5e-4)),
}

_pad_net = _head(type=PADNetHead, channels=64)
_invpt = _head(type=InvPTHead, channels=64, intermediate_channels=64)
_one_label = {'train_dataloader.dataset.label_setting': dict(type=OneLabel)}
_region_contrast = {
    'train_dataloader.dataset.regions': 'instances',
    'model.consistency_losses': dict(
        region_contrast=dict(
            type=RegionContrast, space=dict(widths=(8, 16, 16)), regions=dict(max_regions=9), weight=0.15
        )
    ),
}

rows = dict(
    fpn=(_fpn,),
    pad_net=(_fpn, _pad_net),
    mti_net=(_fpn, _head(type=MTINetHead, task_softmax='tasks')),
    atrc=(_fpn, _head(type=ATRCHead, genotype=_relations, channels=64)),
    invpt=(_fpn, _invpt),
    mlore=(_fpn, _mlore),
    memory_experts=(_fpn, _head(type=MemoryExpertsHead, channels=64, stride=8)),
    memory_experts_all=(_fpn, _head(type=MemoryExpertsHead, channels=64, stride=8, reads='all')),
    pad_net_without_messages=(_fpn, _pad_net, {'model.decode_head.messages': False}),
    one_label_pad_net=(_fpn, _pad_net, _one_label),
    one_label_pad_net_region_gaussian=(_fpn, _pad_net, _one_label, _region_contrast),
    one_label_invpt=(_fpn, _invpt, _one_label),
    one_label_invpt_region_gaussian=(_fpn, _invpt, _one_label, _region_contrast),
)
