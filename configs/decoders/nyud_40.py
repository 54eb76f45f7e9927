"""Decoders of multi-task networks on NYUD-v2; each row has the published encoder and schedule of its decoder."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import ExpertBalance
from mmmtl.models.decode_heads.atrc_genotypes import NYUD

with read_base():
    from .methods import atrc, invpt, memory_experts, mlore_nyud, mti_net, pad_net

_hrnet = 'hrnet_w18s_b8_100e_nyud_40_full.py'
_vit = '../baseline/multitap_vit_l16_b4_40k_nyud_40_full.py'
_size = (448, 576)
_vit_size = {'model.backbone.img_size': _size}
_atrc = {  # 400 epochs (40,000 steps) instead of 100
    'model.decode_head.genotype': NYUD,
    'param_scheduler.PolyLR.end': 400,
    'train_cfg.max_epochs': 400,
    'train_cfg.val_interval': 200,
}
_mlore = {
    'model.backbone.size': _size,  # the head needs images of one size
    'model.backbone.backbone.img_size': _size,
    'model.decode_head.image_size': _size,
    'model.consistency_losses': dict(balance=dict(type=ExpertBalance, weight=5e-4)),
    'tasks.edge.loss': dict(positive_weight=0.88),
}

rows = dict(
    pad_net=(_hrnet, pad_net),
    mti_net=(_hrnet, mti_net),
    atrc=(_hrnet, atrc, _atrc),
    invpt=(_vit, invpt, _vit_size),
    mlore=(_vit, mlore_nyud, _mlore),
    memory_experts=(_vit, memory_experts, _vit_size),
    sak=('sak.py::nyud_40',),
)
