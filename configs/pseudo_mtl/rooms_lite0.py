"""Pseudo-MTL, table 4, from a pretrained encoder, EfficientNet-Lite0, on generated stereo rooms.

The tasks are not pretrained. The rows ``confidence...`` and ``full`` read the confidence of a CCNN, see the results.
"""

from mmengine.config import read_base

with read_base():
    from .methods import confidence, confidence_all, full, own_all, pseudo_all

_baseline = 'baseline_fpn_lite0_b4_600i_rooms_stereo_pseudo.py'

rows = dict(
    baseline=(_baseline,),
    own_all=(_baseline, own_all),
    pseudo_all=(_baseline, pseudo_all),
    confidence=(_baseline, confidence),
    confidence_all=(_baseline, confidence_all),
    full=(_baseline, full),
)
