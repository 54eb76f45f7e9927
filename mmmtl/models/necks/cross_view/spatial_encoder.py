"""The spatial-aware encoder s(.): a small residual CNN from an image to 128 channels at 1/8, or finer."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError

STEPS = {8: (2, 2), 4: (2, 1), 2: (1, 1)}  # strides of the last two stages; the stem's is 2


class SpatialEncoder(BaseModule):
    """Maps normalized images (N, 3, H, W) to features (N, 128, H / stride, W / stride).

    The weights of UniMatch need images normalized with ImageNet's mean and deviation.

    The encoder of UniMatch (TPAMI 2023), which MVSplat and CvM reuse: a 7x7 stem and three stages of two residual
    blocks. All norms are instance norms without parameters or statistics, so the result for one image does not depend
    on the others in the batch nor on train or eval mode. 1,049,120 parameters.

    Args:
        stride: 8 as in UniMatch and CvM; 4 as in MVSplat's published config, whose last stage keeps its size; or 2.

    Raises:
        ConfigError: The stride is none of these.
    """

    channels = 128

    def __init__(self, stride: int = 8) -> None:
        super().__init__()
        if stride not in STEPS:
            raise ConfigError(f'CrossViewModule.stride must be one of {tuple(STEPS)}, found {stride}')
        middle, last = STEPS[stride]
        self.stem = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.stages = nn.Sequential(
            SpatialResidualBlock(64, 64, stride=1),
            SpatialResidualBlock(64, 64, stride=1),
            SpatialResidualBlock(64, 96, stride=middle),
            SpatialResidualBlock(96, 96, stride=1),
            SpatialResidualBlock(96, 128, stride=last),
            SpatialResidualBlock(128, 128, stride=1),
        )
        self.out = nn.Conv2d(128, self.channels, 1)
        self.norm, self.act = nn.InstanceNorm2d(64), nn.ReLU(inplace=True)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')

    def forward(self, images: Tensor) -> Tensor:
        """Return features (N, 128, H / stride, W / stride), rounded up."""
        return self.out(self.stages(self.act(self.norm(self.stem(images)))))


class SpatialResidualBlock(nn.Module):
    """Two blocks conv3x3 - instance norm - ReLU, added to the shortcut, and one more ReLU.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of the first convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm, self.act = nn.InstanceNorm2d(out_channels), nn.ReLU(inplace=True)
        same = stride == 1 and in_channels == out_channels
        self.shortcut = None if same else nn.Conv2d(in_channels, out_channels, 1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out_channels, h / stride, w / stride), rounded up."""
        y = self.act(self.norm(self.conv1(x)))
        y = self.act(self.norm(self.conv2(y)))
        return self.act(y + (x if self.shortcut is None else self.norm(self.shortcut(x))))
