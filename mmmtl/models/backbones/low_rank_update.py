"""The low-rank update of a layer (LoRA)."""

from collections.abc import Iterator
from typing import Any, cast

from torch import Tensor, nn


class LowRankUpdate(nn.Module):
    """(scale / rank) B A x for a linear layer or convolution W x; B is initialized to 0.

    A has the kernel, stride and padding of W and ``rank`` output channels, B is pointwise.

    Args:
        layer: The layer W.
        rank: Output channels of A.
        scale: Numerator of the factor scale / rank.
    """

    def __init__(self, layer: nn.Module, rank: int, scale: float) -> None:
        super().__init__()
        self.factor = scale / rank
        if isinstance(layer, nn.Conv2d):
            options: dict[str, Any] = dict(
                kernel_size=layer.kernel_size, stride=layer.stride, padding=layer.padding, dilation=layer.dilation
            )
            self.down: nn.Module = nn.Conv2d(layer.in_channels, rank, bias=False, **options)
            self.up: nn.Module = nn.Conv2d(rank, layer.out_channels, 1, bias=False)
        else:
            assert isinstance(layer, nn.Linear)
            self.down = nn.Linear(layer.in_features, rank, bias=False)
            self.up = nn.Linear(rank, layer.out_features, bias=False)
        nn.init.zeros_(cast(nn.Parameter, self.up.weight))

    def forward(self, x: Tensor) -> Tensor:
        """Return the update, with the shape of the layer's output."""
        return self.factor * self.up(self.down(x))


def adaptable_layers(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Iterate over the linear layers and dense convolutions of a network, by name.

    Grouped convolutions and subclasses of `nn.Conv2d`, which may pad by themselves, are skipped, and so are the layers
    of `nn.MultiheadAttention`, which uses their weights without calling them.
    """
    inside = tuple(f'{name}.' for name, part in network.named_modules() if isinstance(part, nn.MultiheadAttention))
    for name, layer in network.named_modules():
        is_dense = type(layer) is nn.Conv2d and layer.groups == 1 and layer.padding_mode == 'zeros'
        if (isinstance(layer, nn.Linear) or is_dense) and not (inside and name.startswith(inside)):
            yield name, layer
