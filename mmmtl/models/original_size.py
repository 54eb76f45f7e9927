"""Convert logits into final maps at the original size of the image."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.tasks import Task

STRIP = 2**19  # pixels per strip; the logits of a whole 12 megapixel image would take gigabytes


def final_map(task: Task, logits: Tensor, size: tuple[int, int], magnification: float = 1.0) -> Tensor:
    """Convert the logits of one image into its final map.

    The logits are resized, not the map, so that classes have clean borders and normals unit length.

    Args:
        task: Task of the logits.
        logits: (1, channels, h, w), float32, without padding.
        size: Size (H, W) of the map.
        magnification: Focal length in pixels of the network's input over the one it was trained with, > 0. Objects that
            appear larger are predicted nearer; the map is corrected for it.

    Returns:
        (target_channels, H, W), with the dtype of `Task.predict`.
    """
    zoom: Callable[[Tensor, float], Tensor] = cast(Any, task.zoom)  # typed for arrays, but works on tensors too
    strips = [zoom(task.predict(strip), 1 / magnification)[0] for strip in resized_strips(logits, size)]
    return strips[0] if len(strips) == 1 else torch.cat(strips, 1)


def resized_strips(logits: Tensor, size: tuple[int, int]) -> Iterator[Tensor]:
    """Resize logits bilinearly, antialiased when they shrink, and yield the result in strips.

    Args:
        logits: (1, C, h, w), float32 or float64; with 16 bits, the positions of the rows would be rounded.
        size: (H, W).

    Yields:
        (1, C, rows, W), with ``rows`` that add up to H.
    """
    height, width = size
    rows = max(1, STRIP // width)
    if height <= max(rows, logits.shape[2]):
        resize = logits.shape[2:] != size
        yield F.interpolate(logits, size, mode='bilinear', antialias=True) if resize else logits
        return
    wide = F.interpolate(logits, (logits.shape[2], width), mode='bilinear', antialias=True)
    row = (torch.arange(height, device=logits.device, dtype=logits.dtype) + 0.5) * (logits.shape[2] / height) - 0.5
    row = row.clamp(0, logits.shape[2] - 1)
    above = row.long()
    below, fraction = (above + 1).clamp(max=logits.shape[2] - 1), (row - above)[:, None]
    for strip in torch.arange(height, device=logits.device).split(rows):
        yield torch.lerp(wide[:, :, above[strip]], wide[:, :, below[strip]], fraction[strip])
