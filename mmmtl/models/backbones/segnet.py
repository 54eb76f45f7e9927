"""SegNet with one shared decoder, the backbone of MTAN's and MTPSL's NYUv2 and Cityscapes recipes."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.registry import MODELS


@MODELS.register_module()
class SegNet(Backbone):
    """A VGG-like encoder, and a decoder that unpools by the indices of the encoder's max-pools.

    Level i of the encoder has ``depths[i]`` blocks conv3x3 - BN - ReLU of ``widths[i]`` channels and a 2x2 max-pool.
    Level i of the decoder, from the deepest up, unpools by the indices of level i and has as many blocks, with
    an output of ``widths[i - 1]`` channels (``widths[0]`` at level 0). Badrinarayanan et al., "SegNet", TPAMI 2017;
    widths and Xavier initialization as in MTPSL (Li et al., "Learning Multiple Dense Prediction Tasks from Partially
    Annotated Data", CVPR 2022).

    Where we differ: pools have ``ceil_mode``, so that sizes not divisible by the deepest stride lose no row.

    ``forward``: images (N, in_channels, H, W) -> the decoded feature (N, widths[0], H, W), and the encoder's last one
    (N, widths[-1], ceil(H / s), ceil(W / s)), s = 2 ** len(widths). MTPSL's weights take RGB in [0, 1].

    Args:
        widths: Channels of each level. MTAN's "Split, wide" ends in 1024.
        depths: Blocks of each level; 2, 2, 3, 3, ... if None. MTAN's "Split, deep" has twice as many.
        in_channels: Channels of the images.

    Raises:
        ConfigError: ``widths`` and ``depths`` differ in length.
    """

    def __init__(
        self,
        widths: Sequence[int] = (64, 128, 256, 512, 512),
        depths: Sequence[int] | None = None,
        *,
        in_channels: int = 3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        entries = (in_channels, *widths[:-1])
        exits = (widths[0], *widths[:-1])
        depths = vgg_depths(widths) if depths is None else depths
        if len(depths) != len(widths):
            raise ConfigError(f'SegNet needs as many widths as depths, found {len(widths)} and {len(depths)}')
        self.encoder = nn.ModuleList(map(segnet_level, entries, widths, depths))
        self.decoder = nn.ModuleList(map(segnet_level, widths, exits, depths))
        self.out_channels: tuple[int, ...] = (widths[0], widths[-1])
        self.strides: tuple[int, ...] = (1, 2 ** len(widths))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the decoded feature and the encoder's last one."""
        x = images
        pools = []
        for level in self.encoder:
            x = level(x)
            size = x.shape[-2:]
            x, indices = F.max_pool2d(x, 2, ceil_mode=True, return_indices=True)
            pools.append((indices, size))
        encoded = x
        for level, (indices, size) in zip(reversed(self.decoder), reversed(pools), strict=True):
            x = level(unpool(x, indices, size))
        return x, encoded


def vgg_depths(widths: Sequence[int]) -> tuple[int, ...]:
    """Return VGG-16's depths: two blocks in each of the first two levels, three in the others."""
    return tuple(2 if level < 2 else 3 for level in range(len(widths)))


def segnet_level(in_channels: int, channels: int, depth: int) -> nn.Sequential:
    """Build ``depth`` consecutive blocks."""
    return nn.Sequential(*(segnet_block(in_channels if i == 0 else channels, channels) for i in range(depth)))


def segnet_block(in_channels: int, channels: int) -> nn.Sequential:
    """Build conv3x3 - BN - ReLU."""
    # The batch norm cancels this bias, but the published weights include it.
    conv = nn.Conv2d(in_channels, channels, 3, padding=1)
    nn.init.xavier_normal_(conv.weight)
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def unpool(x: Tensor, indices: Tensor, size: Sequence[int]) -> Tensor:
    """Unpool x (N, C, h, w) to (N, C, *size): its values at ``indices`` (N, C, h, w), 0 elsewhere.

    Unlike F.max_unpool2d it runs under torch.use_deterministic_algorithms(True).
    """
    blank = x.new_zeros(*x.shape[:2], size[0] * size[1])
    return blank.scatter(2, indices.flatten(2), x.flatten(2)).unflatten(2, tuple(size))
