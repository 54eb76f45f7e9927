"""Pseudo-MTL, table 4, from a pretrained encoder, EfficientNet-Lite0, on generated stereo rooms.

The tasks are not pretrained. The rows ``confidence...`` and ``full`` read the confidence of a CCNN, see the results.
``baseline_semseg_12`` weights the loss of segmentation by 12 instead of 5, for comparison: consistent segmentation adds
about as much to it. In the rows ``..._semseg_192``, the weight is 192 (with 384, depth loses more than segmentation
gains, on the validation split), and the weight of consistent segmentation grows by the same factor.
"""

from mmengine.config import read_base

with read_base():
    from .methods import confidence, confidence_all, full, own_all, pseudo_all

_baseline = 'baseline_fpn_lite0_b4_600i_rooms_stereo_pseudo.py'
_semseg_192 = {'model.loss_weighting.weights.semseg': 192.0}
_classes_192 = {**_semseg_192, 'model.consistency_losses.classes.weight': 192 / 5}

rows = dict(
    baseline=(_baseline,),
    baseline_semseg_12=(_baseline, {'model.loss_weighting.weights.semseg': 12.0}),
    baseline_semseg_192=(_baseline, _semseg_192),
    own_all=(_baseline, own_all),
    pseudo_all=(_baseline, pseudo_all),
    pseudo_all_semseg_192=(_baseline, pseudo_all, _classes_192),
    confidence=(_baseline, confidence),
    confidence_all=(_baseline, confidence_all),
    full=(_baseline, full),
)
