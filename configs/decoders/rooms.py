"""Decoders of multi-task networks on one encoder, pretrained EfficientNet-Lite0, on generated rooms of 128 x 128."""

from mmmtl.models.backbones import ResizedInput, TimmBackbone
from mmmtl.models.consistency_losses import ExpertBalance
from mmmtl.models.decode_heads import ATRCHead, InvPTHead, MemoryExpertsHead, MLoREHead, MTINetHead, PADNetHead

_shared = 'fpn_lite0_b8_600i_rooms_128_full.py'


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

rows = dict(
    shared_heads=(_shared,),
    pad_net=(_shared, _head(type=PADNetHead, channels=64)),
    mti_net=(_shared, _head(type=MTINetHead, task_softmax='tasks')),
    atrc=(_shared, _head(type=ATRCHead, genotype=_relations, channels=64)),
    invpt=(_shared, _head(type=InvPTHead, channels=64, preliminary_channels=64)),
    mlore=(_shared, _mlore),
    memory_experts=(_shared, _head(type=MemoryExpertsHead, channels=64, stride=8)),
    memory_experts_all=(_shared, _head(type=MemoryExpertsHead, channels=64, stride=8, reads='all')),
)
