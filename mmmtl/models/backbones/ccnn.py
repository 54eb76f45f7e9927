"""CCNN's convolutions: the confidence of each disparity from its 9x9 neighbourhood in the disparity map."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.registry import MODELS


@MODELS.register_module()
class CCNN(Backbone):
    """Poggi and Mattoccia, "Learning from scratch a confidence measure", BMVC 2016: four 3x3 convolutions with ReLU.

    The remaining layers of the paper, 1x1 convolutions of 100, 100 and 1 channels and a sigmoid, are
    ``ConvHead(channels=(100, 100), kernel_size=1, norm=None)`` with the task `Confidence`. The input is padded
    once, by replication, instead of each convolution, so that every pixel gets a confidence.

    ``forward``: three equal maps of disparity in pixels (N, 3, H, W), see `DisparityImage` -> (N, channels, H, W).

    Args:
        channels: Channels of each convolution.
        scale: Divisor of the disparities, so that the first layer takes values around 1.
        window: None for absolute disparities, as published; the network then learns the disparity range of the training
            disparities and distrusts others. An odd number: the difference of each disparity to the mean of the known
            ones in a window of that side, and -``scale`` for unknown ones.

    Raises:
        ConfigError: ``window`` is even.
    """

    def __init__(
        self, channels: int = 64, scale: float = 32.0, window: int | None = None, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        if window is not None and window % 2 == 0:
            raise ConfigError(f'CCNN.window must be odd, found {window}')
        self.scale, self.window = scale, window
        entries = (1, channels, channels, channels)
        self.convs = nn.Sequential(
            *(layer for entry in entries for layer in (nn.Conv2d(entry, channels, 3), nn.ReLU(inplace=True)))
        )
        self.out_channels, self.strides = (channels,), (1,)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Return one feature."""
        disparity = images[:, :1] if self.window is None else self._relative(images[:, :1], self.window)
        return (self.convs(F.pad(disparity / self.scale, (4, 4, 4, 4), mode='replicate')),)

    def _relative(self, disparity: Tensor, window: int) -> Tensor:
        known = disparity > 0
        total, count = (F.avg_pool2d(x, window, 1, window // 2) for x in (disparity, known.to(disparity.dtype)))
        return torch.where(known, disparity - total / count.clamp(min=1e-6), -self.scale)
