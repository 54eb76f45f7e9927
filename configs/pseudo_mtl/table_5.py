"""Pseudo-MTL, table 5: the ablation on Cityscapes."""

from mmengine.config import read_base

with read_base():
    from .methods import (
        confidence,
        confidence_all,
        confidence_depth,
        confidence_lr,
        confidence_sides,
        full,
        own_all,
        own_lr,
        own_sides,
        pseudo_all,
        pseudo_lr,
        pseudo_sides,
    )

_baseline = 'baseline_vgg16_b4_20e_cityscapes_stereo_pseudo.py'

rows = dict(
    baseline=(_baseline,),
    own_lr=(_baseline, own_lr),
    own_sides=(_baseline, own_sides),
    own_all=(_baseline, own_all),
    pseudo_lr=(_baseline, pseudo_lr),
    pseudo_sides=(_baseline, pseudo_sides),
    pseudo_all=(_baseline, pseudo_all),
    confidence=(_baseline, confidence),
    confidence_lr=(_baseline, confidence_lr),
    confidence_sides=(_baseline, confidence_sides),
    confidence_all=(_baseline, confidence_all),
    confidence_depth=(_baseline, confidence_depth),
    full=(_baseline, full),
)
