"""Consistency of the depth of the two views of a stereo pair: Pseudo-MTL, eq. 3-6."""

from typing import Any

import torch
from torch import Tensor

from mmmtl.models.consistency_losses.stereo_consistency_loss import StereoConsistencyLoss
from mmmtl.models.consistency_losses.stereo_pairs import StereoPairs, sum_of_views, weighted_mean
from mmmtl.registry import MODELS


@MODELS.register_module()
class StereoDepthConsistency(StereoConsistencyLoss):
    """L_d,c = lr L_d,lr + left L_d,l + right L_d,r; d is the disparity as a fraction of the width, L_reg that of eq. 1.

    ::

        L_d,lr = L_reg(C_l, d_l, G(d_r; b_l))    + L_reg(C_r, G(d_l; b_r), d_r)
        L_d,l  = L_reg(C_l, p_l, G(d_r; b_l))    + L_reg(C_l, d_l, G(p_r; b_l))
        L_d,r  = L_reg(C_r, G(d_l; b_r), p_r)    + L_reg(C_r, G(p_l; b_r), d_r)

    p is the pseudo disparity, b is p or the predicted disparity. Pixels that G samples outside of the image, or where p
    is unknown, do not count.

    Args:
        *args: ``tasks``, ``in_channels`` and ``strides``, passed by the model.
        lr: alpha_d,lr.
        left: alpha_d,l.
        right: alpha_d,r.
        **kwargs: ``depth``, ``warp_by``, ``confidence``, ``tau`` and ``beta`` of `StereoConsistencyLoss`, ``weight``
            and ``init_cfg``.

    Raises:
        ConfigError: A factor is negative.
    """

    needs_pseudo = True

    def __init__(self, *args: Any, lr: float = 0.5, left: float = 1.0, right: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lr, self.left, self.right = self.non_negative(lr=lr, left=left, right=right)

    def pair_losses(self, pairs: StereoPairs) -> Tensor:
        own, pseudo = self.own_disparity(pairs), pairs.required_pseudo_disparity
        known = (pseudo > 0).to(own.dtype)
        warped, weight = self.warp(torch.cat((own, pseudo, known), 2), pairs)
        own_warped, pseudo_warped, known_warped = warped.split(1, 2)

        def difference(one: Tensor, other: Tensor, weight: Tensor) -> Tensor:
            return weighted_mean(pairs.fraction_of_width(one - other).abs(), weight)

        between = difference(own, own_warped, weight).sum(1)
        to_pseudo = difference(pseudo, own_warped, weight)
        from_pseudo = difference(own, pseudo_warped, weight * (known_warped > 0.999))  # no interpolation with 0
        return self.lr * between + sum_of_views(to_pseudo + from_pseudo, self.left, self.right)
