"""Sequences of the residual blocks of ResNet (He et al., CVPR 2016), from torchvision."""

from torch import nn


def basic_blocks(in_channels: int, channels: int, count: int = 2) -> nn.Sequential:
    """Build blocks of two 3x3 convolutions; the first has a projection shortcut if the number of channels changes.

    Maps (N, in_channels, H, W) to (N, channels, H, W).
    """
    from torchvision.models.resnet import BasicBlock  # here, because importing torchvision takes a second

    shortcuts = [_shortcut(in_channels, channels), *[None] * (count - 1)]
    return nn.Sequential(
        *(
            BasicBlock(in_channels if index == 0 else channels, channels, downsample=shortcut)
            for index, shortcut in enumerate(shortcuts)
        )
    )


def bottlenecks(in_channels: int, channels: int, count: int = 2) -> nn.Sequential:
    """Build bottleneck blocks with ``channels / 4`` channels inside; the first may have a projection shortcut.

    Maps (N, in_channels, H, W) to (N, channels, H, W).
    """
    from torchvision.models.resnet import Bottleneck

    shortcuts = [_shortcut(in_channels, channels), *[None] * (count - 1)]
    return nn.Sequential(
        *(
            Bottleneck(in_channels if index == 0 else channels, channels // Bottleneck.expansion, downsample=shortcut)
            for index, shortcut in enumerate(shortcuts)
        )
    )


def _shortcut(in_channels: int, channels: int) -> nn.Sequential | None:
    if in_channels == channels:
        return None
    return nn.Sequential(nn.Conv2d(in_channels, channels, 1, bias=False), nn.BatchNorm2d(channels))
