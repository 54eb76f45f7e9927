"""Decoders of multi-task networks on one encoder, pretrained EfficientNet-Lite0, on generated rooms of 128 x 128."""

from mmmtl.models.decode_heads import MTINetHead, PADNetHead

_shared = 'fpn_lite0_b8_600i_rooms_128_full.py'


def _head(**options) -> dict:
    return {'model.decode_head': dict(_delete_=True, **options)}


rows = dict(
    shared_heads=(_shared,),
    pad_net=(_shared, _head(type=PADNetHead, channels=64)),
    mti_net=(_shared, _head(type=MTINetHead, task_softmax='tasks')),
)
