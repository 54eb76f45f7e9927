"""InvPT's decoder with CvM's cross-view features and without them, on small pairs of rooms.

Any decoder and any neck go together; both recipes are those of ``cvm/`` with another decode head. Images of 64 x 80 are
so small that InvPT works at stride 8.
"""

from mmmtl.models.decode_heads import InvPTHead

_invpt = {
    'model.decode_head': dict(_delete_=True, type=InvPTHead, channels=64, preliminary_channels=64, stride=8),
}

rows = dict(
    invpt_baseline=('../baseline/aspp_resnet18_b12_900i_rooms_small_pairs_full.py', _invpt),
    invpt_cvm=('../cvm/cvm_resnet18_b12_900i_rooms_small_pairs_full.py', _invpt),
)
