"""Decoders of multi-task networks on NYUD-v2; each row has the published encoder and schedule of its decoder."""

from mmmtl.models.decode_heads import MTINetHead, PADNetHead

_hrnet = 'hrnet_w18s_b8_100e_nyud_40_full.py'


def _head(**options) -> dict:
    return {'model.decode_head': dict(_delete_=True, **options)}


rows = dict(
    pad_net=(_hrnet, _head(type=PADNetHead)),
    mti_net=(_hrnet, _head(type=MTINetHead)),
    sak=('sak.py::nyud_40',),
)
