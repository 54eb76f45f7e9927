"""Logits of a decode head at the size of the images."""

import torch.nn.functional as F
from torch import Tensor

from mmmtl.geometry import at_least_float32
from mmmtl.models.decode_heads.decode_head import HeadOutput


def at_full_size(output: HeadOutput, padded: tuple[int, int], size: tuple[int, int]) -> HeadOutput:
    """Resize all logits, final and intermediate, to the padded images, and crop them to the images.

    Args:
        output: Output of a decode head, with logits of any resolution.
        padded: (H, W) of the images that the network saw, padded at the right and at the bottom.
        size: (H, W) of the images without padding.

    Returns:
        The output with logits (N, channels, *size), float32 or float64, and the same ``aux``.
    """

    def resized(logits: Tensor) -> Tensor:
        logits = at_least_float32(logits)
        if logits.shape[2:] != padded:
            logits = F.interpolate(logits, padded, mode='bilinear', align_corners=False)
        return logits if size == padded else logits[..., : size[0], : size[1]]

    return HeadOutput(
        {name: resized(logits) for name, logits in output.logits.items()},
        {stage: {name: resized(x) for name, x in logits.items()} for stage, logits in output.intermediate.items()},
        output.aux,
    )
