"""VGG of any width, for training from scratch; `TimmBackbone` has the published one with its weights."""

from collections.abc import Sequence

from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.registry import MODELS


@MODELS.register_module()
class VGG(Backbone):
    """VGG (Simonyan and Zisserman, ICLR 2015) without the classifier.

    It has levels of 3x3 convolutions, each followed by a 2x2 max-pool. With the default widths and depths this is
    VGG-16; batch norm follows each convolution.

    ``forward``: images (N, 3, H, W) -> the feature of every level before its pool, of strides 1, 2, 4, ..., and the
    last one pooled: len(widths) + 1 features, as in timm.

    Args:
        widths: Channels of each level.
        depths: Convolutions of each level.

    Raises:
        ConfigError: ``widths`` and ``depths`` differ in length.
    """

    def __init__(
        self,
        widths: Sequence[int] = (64, 128, 256, 512, 512),
        depths: Sequence[int] = (2, 2, 3, 3, 3),
        *,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if len(widths) != len(depths):
            raise ConfigError(f'VGG needs as many widths as depths, found {len(widths)} and {len(depths)}')
        inputs = (3, *widths[:-1])
        self.levels = nn.ModuleList(
            nn.Sequential(
                *(layer for index in range(depth) for layer in _block(in_channels if index == 0 else width, width))
            )
            for in_channels, width, depth in zip(inputs, widths, depths, strict=True)
        )
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.out_channels = (*widths, widths[-1])
        self.strides = tuple(2**level for level in range(len(widths) + 1))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the features, fine to coarse."""
        x, maps = images, []
        for level in self.levels:
            maps.append(level(x))
            x = self.pool(maps[-1])
        return *maps, x


def _block(in_channels: int, channels: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
    return conv, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
