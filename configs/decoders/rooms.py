"""Decoders of multi-task networks on one encoder, pretrained EfficientNet-Lite0, on generated rooms of 128 x 128."""

from mmmtl.models.decode_heads import ATRCHead, InvPTHead, MTINetHead, PADNetHead

_shared = 'fpn_lite0_b8_600i_rooms_128_full.py'


def _head(**options) -> dict:
    return {'model.decode_head': dict(_delete_=True, **options)}


# relations that ATRC found on NYUD-v2, without its edges
_relations = dict(
    semseg=dict(semseg='t-label', depth='t-label', normal='s-label'),
    depth=dict(semseg='s-label', depth='t-label', normal='s-label'),
    normal=dict(semseg='s-label', depth='t-label', normal='t-label'),
)

rows = dict(
    shared_heads=(_shared,),
    pad_net=(_shared, _head(type=PADNetHead, channels=64)),
    mti_net=(_shared, _head(type=MTINetHead, task_softmax='tasks')),
    atrc=(_shared, _head(type=ATRCHead, genotype=_relations, channels=64)),
    invpt=(_shared, _head(type=InvPTHead, channels=64, preliminary_channels=64)),
)
