"""InvPT's decoder with and without CvM's cross-view features, on small pairs of rooms.

Any decoder can be combined with any neck: the recipes are those of ``baseline/`` and ``cvm/`` with another decode head.
InvPT works at stride 8, because the images of 64 x 80 are small.
"""

from mmmtl.models.decode_heads import InvPTHead

_invpt = {
    'model.decode_head': dict(_delete_=True, type=InvPTHead, channels=64, intermediate_channels=64, stride=8),
}

rows = dict(
    invpt_baseline=('../baseline/aspp_resnet18_b12_900i_rooms_small_pairs_full.py', _invpt),
    invpt_cvm=('../cvm/cvm_resnet18_b12_900i_rooms_small_pairs_full.py', _invpt),
)
