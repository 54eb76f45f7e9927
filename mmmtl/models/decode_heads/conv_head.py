"""A head of convolutions and a 1x1 classifier; and these two layers, which other heads share."""

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.task_head import TaskHead
from mmmtl.registry import MODELS


@MODELS.register_module()
class ConvHead(TaskHead):
    """Blocks conv - norm - activation on feature ``in_index``, then a 1x1 convolution to the logits.

    MTPSL's head on SegNet is ``channels=64, norm=None, act=None``, with nothing between its two convolutions.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> logits (N, out_channels, h, w) at the size of
    feature ``in_index``.

    Args:
        in_channels: Channels of the features, fine to coarse; passed by `PerTaskHead`.
        strides: Strides of the features, in the same order; passed by `PerTaskHead`.
        out_channels: Channels of the logits; passed by `PerTaskHead`.
        in_index: Index of the feature.
        channels: Channels of every block, such as ``(100, 100)``; an int for one block, ``()`` for none.
        kernel_size: Odd kernel size of the blocks.
        norm: Type (``'BN'``, ``'SyncBN'``) or config (``dict(type='GN', num_groups=32)``) of mmcv; None for no norm and
            a convolution with bias.
        act: Type or config of the activation; None for none.

    Raises:
        ConfigError: ``kernel_size`` is even.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        strides: Sequence[int],
        out_channels: int,
        *,
        in_index: int = 0,
        channels: int | Sequence[int] = 256,
        kernel_size: int = 3,
        norm: str | dict | None = 'BN',
        act: str | dict | None = 'ReLU',
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ConfigError(f'ConvHead.kernel_size must be odd, so that maps keep their size, but is {kernel_size}')
        self.in_index = in_index
        widths = [in_channels[in_index], *((channels,) if isinstance(channels, int) else channels)]
        self.convs = nn.Sequential(
            *(conv_block(a, b, kernel_size, norm=norm, act=act) for a, b in zip(widths[:-1], widths[1:], strict=True))
        )
        self.classifier = classifier(widths[-1], out_channels)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the logits (N, out_channels, h, w)."""
        return self.classifier(self.convs(features[self.in_index]))


def conv_block(
    in_channels: int,
    channels: int,
    kernel_size: int,
    *,
    dilation: int = 1,
    norm: str | dict | None,
    act: str | dict | None = 'ReLU',
) -> ConvModule:
    """Build conv - norm - activation that keeps the size of the map."""
    norm_cfg, act_cfg = (dict(type=one) if isinstance(one, str) else one for one in (norm, act))
    padding = dilation * (kernel_size // 2)
    return ConvModule(
        in_channels, channels, kernel_size, padding=padding, dilation=dilation, norm_cfg=norm_cfg, act_cfg=act_cfg
    )


def classifier(in_channels: int, out_channels: int) -> nn.Conv2d:
    """Build the last layer of a head, with small initial weights, so that no task starts with a huge loss."""
    conv = nn.Conv2d(in_channels, out_channels, 1)
    nn.init.normal_(conv.weight, std=0.01)
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return conv
