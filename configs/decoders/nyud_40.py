"""Decoders of multi-task networks on NYUD-v2; each row has the published encoder and schedule of its decoder."""

from torch.optim import SGD, Adam

from mmmtl.models.backbones import ViTBackbone
from mmmtl.models.decode_heads import ATRCHead, InvPTHead, MTINetHead, PADNetHead
from mmmtl.models.decode_heads.atrc_genotypes import NYUD

_hrnet = 'hrnet_w18s_b8_100e_nyud_40_full.py'
_vit = '../baseline/multitap_vit_l16_b4_40k_nyud_40_full.py'
# 400 epochs of SGD, 40,000 steps, in place of 100 of Adam
_atrc = {
    'optim_wrapper.optimizer': dict(_delete_=True, type=SGD, lr=0.01, momentum=0.9, weight_decay=5e-4),
    'param_scheduler.PolyLR.end': 400,
    'train_cfg.max_epochs': 400,
    'train_cfg.val_interval': 200,
}
# six images on three devices, Adam without clipping, and batch norm over all devices
_invpt = {
    'model.backbone': dict(
        _delete_=True,
        type=ViTBackbone,
        model_name='vit_large_patch16_384.augreg_in21k_ft_in1k',
        pretrained=True,
        check_colours=False,
        out_indices=(5, 11, 17, 23),
        img_size=(448, 576),
        drop_path_rate=0.15,
    ),
    'train_dataloader.batch_size': 6,
    'auto_scale_lr.base_batch_size': 6,
    'optim_wrapper.optimizer': dict(_delete_=True, type=Adam, lr=2e-5, weight_decay=1e-6),
    'optim_wrapper.clip_grad': None,
    'sync_bn': 'torch',
}


def _head(**options) -> dict:
    return {'model.decode_head': dict(_delete_=True, **options)}


rows = dict(
    pad_net=(_hrnet, _head(type=PADNetHead)),
    mti_net=(_hrnet, _head(type=MTINetHead)),
    atrc=(_hrnet, _head(type=ATRCHead, genotype=NYUD), _atrc),
    invpt=(_vit, _head(type=InvPTHead), _invpt),
)
