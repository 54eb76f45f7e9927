"""The backbone: a ResNet of torchvision."""

import torchvision
from torch import Tensor
from torchvision.models.feature_extraction import create_feature_extractor

from mmmtl.models import Backbone
from mmmtl.registry import MODELS

BLOCK_WIDTHS = (64, 128, 256, 512)


@MODELS.register_module()
class TorchvisionBackbone(Backbone):
    """The four stages of a torchvision ResNet, from scratch.

    ``forward``: images (N, 3, H, W) -> tuple of four (N, out_channels[i], H / strides[i], W / strides[i]).

    Args:
        name: A ResNet, e.g. ``'resnet18'`` or ``'resnet50'``.
    """

    def __init__(self, name: str = 'resnet18') -> None:
        super().__init__()
        model = torchvision.models.get_model(name)
        expansion = type(model.layer1[0]).expansion  # 4 where the blocks are bottlenecks
        self.out_channels = tuple(width * expansion for width in BLOCK_WIDTHS)
        self.strides = (4, 8, 16, 32)
        self.body = create_feature_extractor(model, [f'layer{stage}' for stage in (1, 2, 3, 4)])

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.body(images).values())
