"""A decoder symmetric to its encoder, level by level up to the finest feature."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.conv_head import classifier, conv_block
from mmmtl.models.decode_heads.task_head import TaskHead
from mmmtl.registry import MODELS


@MODELS.register_module()
class SymmetricDecoder(TaskHead):
    """From the coarsest feature to the finest: enlarge, concatenate the encoder's feature, convolve to its channels.

    The decoders of Pseudo-MTL, one per task (`PerTaskHead`), are "designed symmetrically with the encoder"; the paper
    states no more, so skip connections are an option.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> logits (N, out_channels, h_0, w_0).

    Args:
        in_channels: Channels of the features, fine to coarse; passed by `PerTaskHead`.
        strides: Strides of the features, in the same order; passed by `PerTaskHead`.
        out_channels: Channels of the logits; passed by `PerTaskHead`.
        skip: Whether the encoder's features are concatenated.
        convs: Number of 3x3 convolutions per level.
        norm: Type or config of the norms, see `ConvHead`.

    Raises:
        ConfigError: There are fewer than two features.
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
        """Return the logits (N, out_channels, h, w)."""
        x = features[-1]
        for level, fine in zip(self.levels, features[-2::-1], strict=True):
            x = F.interpolate(x, fine.shape[-2:], mode='nearest')
            x = level(torch.cat((x, fine), 1) if self.skip else x)
        return self.classifier(x)
