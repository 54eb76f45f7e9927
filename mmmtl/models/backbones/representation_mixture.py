"""SAK's mixture of representations: a weighted sum of the maps of a shared network and of its adapters."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models.backbones.adapter import init_linear
from mmmtl.models.sample_noise import normal_noise


class RepresentationMixture(nn.Module):
    """Weighted sum of K + 1 maps, with weights from a noisy router.

    With v the first map, (a, b) = mean over the pixels of [linear C -> C/2, LayerNorm, GELU, linear -> 2 (K + 1)](v).
    The weights are the softmax of a in evaluation, and of a + noise (softplus(b) + 0.01) in training, with Gaussian
    noise per pixel, as in the released code; the paper does not state that the noise differs between pixels.

    ``forward``: K + 1 maps (N, C, h, w) -> their mixture (N, C, h, w).

    Args:
        channels: C.
        maps: K + 1.
        stream: Index of the random stream, different for each mixture of a network.
    """

    def __init__(self, channels: int, maps: int, stream: int) -> None:
        super().__init__()
        self.router = nn.Sequential(
            nn.Linear(channels, channels // 2),
            nn.LayerNorm(channels // 2),
            nn.GELU(),
            nn.Linear(channels // 2, 2 * maps),
        )
        self.apply(init_linear)
        self.stream = stream

    def forward(self, maps: Sequence[Tensor], keys: Tensor | None = None) -> Tensor:
        """Return the mixture.

        Args:
            maps: K + 1 maps; the first one determines the weights.
            keys: Keys (N,) of the noise, see `noise_keys`; None for no noise.
        """
        height, width = maps[0].shape[-2:]
        routed = self.router(maps[0].flatten(2).transpose(1, 2)).mean(1)  # (N, 2 (K + 1))
        logits, spread = (x[:, :, None, None] for x in routed.float().chunk(2, dim=1))
        if keys is not None:
            noise = normal_noise(keys, self.stream, (len(maps), height, width))
            logits = logits + noise * (F.softplus(spread) + 0.01)
        weights = logits.softmax(1).to(maps[0].dtype)
        first, *others = (weights[:, i : i + 1] * x for i, x in enumerate(maps))
        return torch.stack([first, *others]).sum(0) if others else first
