"""The rows of Pseudo-MTL's ablation (tables 4 and 5) as `model.consistency_losses`, with the published weights."""

from mmmtl.models.consistency_losses import (
    ConfidentRegression,
    StereoDepthConsistency,
    StereoSegmentationConsistency,
)

# Baseline: pseudo disparity without confidence, no consistency
baseline = dict(
    regression=dict(type=ConfidentRegression, confidence='off'),
)
# b = d_i: L_s,lr
own_lr = dict(
    regression=dict(type=ConfidentRegression, confidence='off'),
    classes=dict(type=StereoSegmentationConsistency, warp_by='own', confidence='off', left=0.0, right=0.0),
)
# b = d_i: L_s,l and L_s,r
own_sides = dict(
    regression=dict(type=ConfidentRegression, confidence='off'),
    classes=dict(type=StereoSegmentationConsistency, warp_by='own', confidence='off', lr=0.0),
)
# b = d_i: L_s,lr, L_s,l, L_s,r
own_all = dict(
    regression=dict(type=ConfidentRegression, confidence='off'),
    classes=dict(type=StereoSegmentationConsistency, warp_by='own', confidence='off'),
)
# b = d_pgt: L_s,lr
pseudo_lr = dict(
    regression=dict(type=ConfidentRegression, confidence='off'),
    classes=dict(type=StereoSegmentationConsistency, confidence='off', left=0.0, right=0.0),
)
# b = d_pgt: L_s,l and L_s,r
pseudo_sides = dict(
    regression=dict(type=ConfidentRegression, confidence='off'),
    classes=dict(type=StereoSegmentationConsistency, confidence='off', lr=0.0),
)
# b = d_pgt: L_s,lr, L_s,l, L_s,r
pseudo_all = dict(
    regression=dict(type=ConfidentRegression, confidence='off'),
    classes=dict(type=StereoSegmentationConsistency, confidence='off'),
)
# Confidence alone
confidence = dict(
    regression=dict(type=ConfidentRegression),
)
# Confidence and L_s,lr
confidence_lr = dict(
    regression=dict(type=ConfidentRegression),
    classes=dict(type=StereoSegmentationConsistency, left=0.0, right=0.0),
)
# Confidence, L_s,l and L_s,r
confidence_sides = dict(
    regression=dict(type=ConfidentRegression),
    classes=dict(type=StereoSegmentationConsistency, lr=0.0),
)
# Confidence and all of L_s,c
confidence_all = dict(
    regression=dict(type=ConfidentRegression),
    classes=dict(type=StereoSegmentationConsistency),
)
# Confidence and L_d,c
confidence_depth = dict(
    regression=dict(type=ConfidentRegression),
    depths=dict(type=StereoDepthConsistency),
)
# All: confidence, L_s,c and L_d,c
full = dict(
    regression=dict(type=ConfidentRegression),
    classes=dict(type=StereoSegmentationConsistency),
    depths=dict(type=StereoDepthConsistency),
)
