"""Depth that two views of a stereo pair agree on: Pseudo-MTL, eq. 3-6."""

import torch
from torch import Tensor

from mmmtl.models.consistency_losses.stereo_pairs import StereoConsistencyLoss, StereoPairs, side_sum, weighted_mean
from mmmtl.registry import MODELS


@MODELS.register_module()
class StereoDepthConsistency(StereoConsistencyLoss):
    """L_d,c = lr L_d,lr + left L_d,l + right L_d,r, with d the normalised disparity and L_reg as in eq. 1.

    ::

        L_d,lr = L_reg(C_l, d_l, G(d_r; b_l))    + L_reg(C_r, G(d_l; b_r), d_r)
        L_d,l  = L_reg(C_l, p_l, G(d_r; b_l))    + L_reg(C_l, d_l, G(p_r; b_l))
        L_d,r  = L_reg(C_r, G(d_l; b_r), p_r)    + L_reg(C_r, G(p_l; b_r), d_r)

    p is the pseudo disparity, b = p or the network's own. Pixels that G takes from outside of the image, or from where
    p is unknown, do not count.

    Args:
        lr: alpha_d,lr.
        left: alpha_d,l.
        right: alpha_d,r.
        args, kwargs: See `StereoConsistencyLoss`.
    """

    needs_pseudo = True

    def __init__(self, *args, lr: float = 0.5, left: float = 1.0, right: float = 1.0, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.lr, self.left, self.right = self.numbers(lr=lr, left=left, right=right)

    def of_pairs(self, pairs: StereoPairs) -> Tensor:
        own, pseudo = self.own_normalized_disparity(pairs), pairs.normalized_disparity
        known = (pseudo > 0).to(own.dtype)
        warped, weight = self.warp(torch.cat((own, pseudo, known), 2), pairs)
        own_warped, pseudo_warped, share_known = warped.split(1, 2)

        def difference(one: Tensor, other: Tensor, weight: Tensor) -> Tensor:
            return weighted_mean(pairs.normalised(one - other).abs(), weight)

        between = difference(own, own_warped, weight).sum(1)
        to_pseudo = difference(pseudo, own_warped, weight)
        from_pseudo = difference(own, pseudo_warped, weight * (share_known > 0.999))  # a mixture with 0 is no disparity
        return self.lr * between + side_sum(to_pseudo + from_pseudo, self.left, self.right)
