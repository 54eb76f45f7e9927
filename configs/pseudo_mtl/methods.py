"""Rows of Pseudo-MTL's ablation (tables 4 and 5) with the published weights, as changes to the baseline.

``own_...`` warps by the network's own depth d_i, ``pseudo_...`` by the pseudo disparity d_pgt; ``lr`` is L_s,lr,
``sides`` are L_s,l and L_s,r, ``all`` is all of L_s,c. ``confidence`` weights the pseudo disparity by its confidence.
"""

from mmmtl.models.consistency_losses import StereoDepthConsistency, StereoSegmentationConsistency

_classes = 'model.consistency_losses.classes'
_plain = dict(type=StereoSegmentationConsistency, confidence='off')
_own = dict(type=StereoSegmentationConsistency, warp_by='own', confidence='off')
_confident = dict(type=StereoSegmentationConsistency)
_lr, _sides = dict(left=0.0, right=0.0), dict(lr=0.0)
_depths = {'model.consistency_losses.depths': dict(type=StereoDepthConsistency)}

own_lr = {_classes: dict(**_own, **_lr)}
own_sides = {_classes: dict(**_own, **_sides)}
own_all = {_classes: _own}
pseudo_lr = {_classes: dict(**_plain, **_lr)}
pseudo_sides = {_classes: dict(**_plain, **_sides)}
pseudo_all = {_classes: _plain}
confidence = {'model.consistency_losses.regression.confidence': 'soft'}
confidence_lr = {**confidence, _classes: dict(**_confident, **_lr)}
confidence_sides = {**confidence, _classes: dict(**_confident, **_sides)}
confidence_all = {**confidence, _classes: _confident}
confidence_depth = {**confidence, **_depths}
full = {**confidence_all, **_depths}
