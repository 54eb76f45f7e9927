"""A decoder that mirrors its encoder, level by level up to the size of the image."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.conv_head import classifier, conv_block
from mmmtl.registry import MODELS


@MODELS.register_module()
class SymmetricDecoder(BaseModule):
    """From the coarsest map to the finest: enlarge, join the encoder's map of that size, convolve to its channels.

    The decoders of Pseudo-MTL, one per task (`PerTaskHead`), "designed symmetrically with the encoder", of which the
    paper tells no more; whether the encoder's maps are joined is ``skip``.

    ``forward``: features, tuple of (N,in_channels[i],h_i,w_i) -> logits (N,out_channels,h_0,w_0).

    Args:
        skip: Join the encoder's maps.
        convs: 3x3 convolutions per level.
        norm: As for `ConvHead`.

    Raises:
        ConfigError: Fewer than two maps.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        strides: Sequence[int],
        out_channels: int,
        *,
        skip: bool = True,
        convs: int = 2,
        norm: str | dict | None = 'BN',
    ) -> None:
        super().__init__()
        if len(in_channels) < 2:
            raise ConfigError(f'SymmetricDecoder needs at least two maps, found {len(in_channels)}')
        self.skip = skip
        self.levels = nn.ModuleList()
        for coarse, fine in zip(in_channels[:0:-1], in_channels[-2::-1], strict=True):
            entry = coarse + fine * skip
            self.levels.append(
                nn.Sequential(*(conv_block(fine if number else entry, fine, 3, norm=norm) for number in range(convs)))
            )
        self.classifier = classifier(in_channels[0], out_channels)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        x = features[-1]
        for level, fine in zip(self.levels, features[-2::-1], strict=True):
            x = F.interpolate(x, fine.shape[-2:], mode='nearest')
            x = level(torch.cat((x, fine), 1) if self.skip else x)
        return self.classifier(x)
