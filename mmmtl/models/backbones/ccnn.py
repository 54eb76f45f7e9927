"""CCNN's convolutions, which judge each disparity by its 9x9 neighbourhood in the disparity map."""

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

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
    """

    def __init__(self, channels: int = 64, scale: float = 32.0, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.scale = scale
        entries = (1, channels, channels, channels)
        self.convs = nn.Sequential(*(layer for entry in entries
                                     for layer in (nn.Conv2d(entry, channels, 3), nn.ReLU(inplace=True))))
        self.out_channels, self.strides = (channels,), (1,)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.convs(F.pad(images[:, :1] / self.scale, (4, 4, 4, 4), mode='replicate')),)
