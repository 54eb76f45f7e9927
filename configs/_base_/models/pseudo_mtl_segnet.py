"""What the rivals in Pseudo-MTL's table 3 have in common: SegNet as in MTAN's code, two convolutions per task.

The paper took that code, and does not tell which depth they learnt from or how the losses were weighted. Here they
learn as the baseline of table 5 does: the same pairs, pseudo disparity without confidence, the same weights; for MTAN's
200 epochs, from random weights.
"""

from mmengine.config import read_base

with read_base():
    from .mtpsl_segnet import *
    from .pseudo_mtl_losses import baseline as _losses

model.update(consistency_losses=_losses, loss_weighting=dict(weights=dict(semseg=2 * 2.5)))
