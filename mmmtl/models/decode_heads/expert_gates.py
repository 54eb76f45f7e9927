"""MLoRE's router: weights of n experts per image, of which only the k largest are kept."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Mask = Literal['logits', 'weights']
MASKS: tuple[Mask, ...] = ('logits', 'weights')


def top_gates(logits: Tensor, count: int, mask: Mask) -> Tensor:
    """Return the gates of experts from their logits, with 0 for all but the ``count`` largest.

    Args:
        logits: (..., n), float32.
        count: Number of experts that are kept.
        mask: ``'logits'`` for a softmax over the kept experts, whose gates sum to 1; ``'weights'`` for a softmax over
            all experts, so that the kept gates sum to less than 1. MLoRE uses the first on NYUD-v2, the second on
            PASCAL-Context.

    Returns:
        Gates (..., n).
    """
    kept = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, logits.topk(count).indices, True)
    if mask == 'logits':
        return logits.masked_fill(~kept, -torch.inf).softmax(-1)
    return logits.softmax(-1) * kept


class ExpertRouter(nn.Module):
    """Computes logits of n experts, n scales of their noise, and the weight of the task's own convolution.

    With x of C channels and h w pixels,

        a = mean over pixels of conv1x1(GELU(LN(conv1x1(x)))), b = conv1x1(GELU(LN(linear over pixels(x)))),

    both of C / 4 channels; a linear layer maps (a, b) to 2 n + 1 numbers. The linear layer over the pixels has one
    weight per pixel, shared by the channels, so the size of x is fixed.

    ``forward``: x (N, C, h, w) -> logits (N, n), scales (N, n), weights (N, 1), float32.

    Args:
        channels: C.
        pixels: h w.
        num_experts: n.
    """

    def __init__(self, channels: int, pixels: int, num_experts: int) -> None:
        super().__init__()
        narrow = channels // 4
        self.reduce = nn.Linear(channels, narrow)
        self.reduce_norm = nn.LayerNorm(narrow)
        self.expand = nn.Linear(narrow, narrow)
        self.pixels = nn.Linear(pixels, 1)
        self.pixels_norm = nn.LayerNorm(channels)
        self.pixels_reduce = nn.Linear(channels, narrow)
        self.output = nn.Linear(2 * narrow, 2 * num_experts + 1)
        self.num_experts = num_experts

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits, noise scales and the weight of the task's own convolution."""
        x = x.flatten(2)  # (N, C, h w)
        tokens = F.gelu(self.reduce_norm(self.reduce(x.transpose(1, 2))))
        # the mean commutes with the last layer, which then runs on one vector per image
        by_content = self.expand(tokens.mean(1))
        by_position = self.pixels_reduce(F.gelu(self.pixels_norm(self.pixels(x).squeeze(2))))
        outputs = self.output(torch.cat([by_content, by_position], 1)).float()
        logits, scales, weight = outputs.split([self.num_experts, self.num_experts, 1], dim=1)
        return logits, scales, weight
