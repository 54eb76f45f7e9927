"""A residual bottleneck that adapts features of a pretrained network."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Adapter(nn.Module):
    """x + s U GELU(D x) on the last axis, with a learned factor s (Houlsby et al., ICML 2019; as in SAK).

    Args:
        channels: Channels C of x.
        width: Channels of the bottleneck, between D and U.
        identity: Whether U is initialized to 0, so that the adapter changes nothing before training; otherwise, D and U
            are initialized as in a ViT, see `init_linear`.
    """

    def __init__(self, channels: int, width: int, *, identity: bool = False) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(channels, width), nn.Linear(width, channels)
        self.scale = nn.Parameter(torch.ones(1))
        self.apply(init_linear)
        if identity:
            nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return the adapted tokens, shape (..., C)."""
        return x + self.scale * self.up(F.gelu(self.down(x)))


def init_linear(module: nn.Module) -> None:
    """Initialize a linear layer as in a ViT: truncated normal weights with standard deviation 0.02, biases 0."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
