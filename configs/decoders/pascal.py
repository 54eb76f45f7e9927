"""Decoders of multi-task networks on PASCAL-Context; each row has the published encoder and schedule of its decoder."""

from mmengine.config import read_base

from mmmtl.models.consistency_losses import ExpertBalance
from mmmtl.models.decode_heads.atrc_genotypes import PASCAL

with read_base():
    from .methods import atrc, invpt, memory_experts, mlore_pascal, mti_net, pad_net

_hrnet = 'hrnet_w18s_b8_100e_pascal_full.py'
_vit = '../baseline/multitap_vit_l16_b4_40k_pascal_full.py'
_size = (512, 512)
_vit_size = {'model.backbone.img_size': _size}
_atrc = {  # 64 epochs (40,000 steps) instead of 100
    'model.decode_head.genotype': PASCAL,
    'param_scheduler.PolyLR.end': 64,
    'train_cfg.max_epochs': 64,
    'train_cfg.val_interval': 32,
}
_mlore = {
    'model.backbone.size': _size,  # the head needs images of one size
    'model.backbone.backbone.img_size': _size,
    'model.decode_head.image_size': _size,
    'model.consistency_losses': dict(balance=dict(type=ExpertBalance, weight=3e-4)),
    'tasks.edge.loss': dict(positive_weight=0.925),
}

rows = dict(
    pad_net=(_hrnet, pad_net),
    mti_net=(_hrnet, mti_net),
    atrc=(_hrnet, atrc, _atrc),
    invpt=(_vit, invpt, _vit_size),
    mlore=(_vit, mlore_pascal, _mlore),
    memory_experts=(_vit, memory_experts, _vit_size),
    sak=('sak.py::pascal',),
)
