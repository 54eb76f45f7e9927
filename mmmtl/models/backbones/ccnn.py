"""CCNN's convolutions, which judge each disparity by its 9x9 neighbourhood in the disparity map."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.registry import MODELS


@MODELS.register_module()
class CCNN(BaseModule):
    """Poggi and Mattoccia, "Learning from scratch a confidence measure", BMVC 2016: four 3x3 convolutions with ReLU.

    What follows there, 1x1 convolutions of 100, 100 and 1 channels and a sigmoid, is
    ``ConvHead(channels=100, num_convs=2, kernel_size=1, norm=None)`` with the task `Confidence`. The convolutions are
    not padded; the map is, once and by its border, so that every pixel is judged.

    ``forward``: three equal maps of disparity in pixels (N,3,H,W), see `DisparityImage` -> (N,channels,H,W).

    Args:
        channels: Of each convolution.
        scale: Disparities are divided by it, so that the first layer sees numbers around 1.
        window: None for disparities as they are, as published: then what is usual among the training's disparities is
            learnt with all else, and other ones are mistrusted. A number, odd: each counts as its difference to the
            mean of the known ones in a window of that side, and unknown ones as -``scale``.

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
        disparity = images[:, :1] if self.window is None else self._relative(images[:, :1], self.window)
        return (self.convs(F.pad(disparity / self.scale, (4, 4, 4, 4), mode='replicate')),)

    def _relative(self, disparity: Tensor, window: int) -> Tensor:
        known = disparity > 0
        total, count = (F.avg_pool2d(x, window, 1, window // 2) for x in (disparity, known.to(disparity.dtype)))
        return torch.where(known, disparity - total / count.clamp(min=1e-6), -self.scale)
