"""Convolutional layers conditioned on an ordered pair of tasks by FiLM.

All take maps (M, C, h, w) and ``pair``, the index of the pair of each map, int64 (M,).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError


class FiLM(nn.Module):
    """A factor and a shift per pair and channel (Perez et al., AAAI 2018): a linear map of the pair's one-hot code.

    Args:
        pairs: Number of pairs.
        channels: Channels of the modulated maps.
    """

    def __init__(self, pairs: int, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(pairs, channels))
        self.beta = nn.Parameter(torch.zeros(pairs, channels))

    def forward(self, pair: Tensor) -> tuple[Tensor, Tensor]:
        """Return gamma and beta, both (M, channels), of pairs (M,)."""
        return F.embedding(pair, self.gamma), F.embedding(pair, self.beta)


class FiLMInstanceNorm(nn.Module):
    """Instance norm with scale and shift, then FiLM, in one pass over memory instead of three.

    Args:
        channels: Channels of the maps.
        pairs: Number of pairs; 0 for no FiLM.
    """

    def __init__(self, channels: int, pairs: int = 0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.film = FiLM(pairs, channels) if pairs else None

    def forward(self, x: Tensor, pair: Tensor | None) -> Tensor:
        """Normalize maps (M, C, h, w).

        Raises:
            ConfigError: The maps have one pixel.
        """
        if x.shape[2] * x.shape[3] == 1:
            raise ConfigError(
                'the joint task space is left with maps of one pixel, which have no variance: use fewer '
                'widths or larger images'
            )
        if self.film is None:
            weight, bias = (values.expand(len(x), -1) for values in (self.weight, self.bias))
        else:
            gamma, beta = self.film(pair)
            weight, bias = gamma * self.weight, gamma * self.bias + beta  # (M, C)
        flat = F.batch_norm(x.reshape(1, -1, *x.shape[2:]), None, None, weight.flatten(), bias.flatten(), training=True)
        return flat.view(x.shape)


class FiLMConvBlock(nn.Module):
    """conv - instance norm - FiLM - ReLU.

    Args:
        in_channels: Channels of the input.
        channels: Channels of the output.
        pairs: Number of pairs; 0 for no FiLM.
        kernel_size: Odd kernel size of the convolution.
        stride: Stride of the convolution.
    """

    def __init__(
        self, in_channels: int, channels: int, pairs: int = 0, *, kernel_size: int = 3, stride: int = 1
    ) -> None:
        super().__init__()
        # The norm cancels this bias, but the published weights include it.
        self.conv = nn.Conv2d(in_channels, channels, kernel_size, stride, kernel_size // 2)
        self.norm = FiLMInstanceNorm(channels, pairs)

    def forward(self, x: Tensor, pair: Tensor | None) -> Tensor:
        """Return (M, channels, h / stride, w / stride), rounded up."""
        return self.norm(self.conv(x), pair).relu_()


class FiLMResidualBlock(nn.Module):
    """ResNet's basic block (He et al., CVPR 2016) with FiLM after each norm.

    Args:
        in_channels: Channels of the input.
        channels: Channels of the output.
        pairs: Number of pairs; 0 for no FiLM.
        stride: Stride of the first convolution.
    """

    def __init__(self, in_channels: int, channels: int, pairs: int, *, stride: int) -> None:
        super().__init__()
        self.first = FiLMConvBlock(in_channels, channels, pairs, stride=stride)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = FiLMInstanceNorm(channels, pairs)
        self.shortcut = None
        if stride > 1 or in_channels != channels:
            self.shortcut = nn.Conv2d(in_channels, channels, 1, stride, bias=False)

    def forward(self, x: Tensor, pair: Tensor | None) -> Tensor:
        """Return (M, channels, h / stride, w / stride), rounded up."""
        residual = self.norm(self.conv(self.first(x, pair)), pair)
        return (residual + (x if self.shortcut is None else self.shortcut(x))).relu_()


class UnconditionedMaxPool(nn.Module):
    """Max-pool of stride 2 that ignores the pair; odd sizes are rounded up, as in `SegNet`.

    Args:
        kernel_size: Side of the window; an odd one is padded.
    """

    def __init__(self, kernel_size: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size

    def forward(self, x: Tensor, pair: Tensor | None) -> Tensor:
        """Return (M, C, ceil(h / 2), ceil(w / 2))."""
        padding, ceil_mode = (self.kernel_size // 2, False) if self.kernel_size % 2 else (0, True)
        return F.max_pool2d(x, self.kernel_size, stride=2, padding=padding, ceil_mode=ceil_mode)


class FiLMSequential(nn.ModuleList):
    """Layers one after the other; each also takes the pair.

    Args:
        layers: Modules that take ``(x, pair)``.
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(layers)

    def forward(self, x: Tensor, pair: Tensor | None) -> Tensor:
        """Return the output of the last layer."""
        for layer in self:
            x = layer(x, pair)
        return x
