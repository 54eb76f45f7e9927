"""Small version of Pseudo-MTL, table 4: a narrow VGG on small generated stereo rooms."""

from mmengine.config import read_base

with read_base():
    from .methods import confidence, confidence_all, full, own_all, pseudo_all

_baseline = 'baseline_vgg_small_b4_600i_rooms_small_stereo_pseudo.py'

rows = dict(
    baseline=(_baseline,),
    own_all=(_baseline, own_all),
    pseudo_all=(_baseline, pseudo_all),
    confidence=(_baseline, confidence),
    confidence_all=(_baseline, confidence_all),
    full=(_baseline, full),
)
