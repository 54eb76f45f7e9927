"""Logits of a network -> final maps at the image's own size, where the network saw it at another one."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.tasks import Task

STRIP = 2**19  # pixels of a strip: the logits of 12 megapixels at once would fill gigabytes


def final_map(task: Task, logits: Tensor, size: tuple[int, int], magnification: float = 1.0) -> Tensor:
    """Logits (1, channels, h, w) -> final map (target_channels, H, W).

    It is the logits that are resized, so that classes have clean borders and normals unit length.

    Args:
        task: Whose logits.
        logits: Of one image, without padding.
        size: (H, W).
        magnification: How many times larger the network saw things than with the camera that it was trained for; what
            looks larger was taken for nearer, which is undone.
    """
    strips = [task.zoom(task.predict(strip), 1 / magnification)[0] for strip in resized_strips(logits, size)]
    return strips[0] if len(strips) == 1 else torch.cat(strips, 1)


def resized_strips(logits: Tensor, size: tuple[int, int]) -> Iterator[Tensor]:
    """Logits (1, C, h, w) resized bilinearly to (H, W), smoothed where they shrink, as strips (1, C, rows, W)."""
    height, width = size
    rows = max(1, STRIP // width)
    if height <= max(rows, logits.shape[2]):
        resize = logits.shape[2:] != size
        yield F.interpolate(logits, size, mode='bilinear', antialias=True) if resize else logits
        return
    wide = F.interpolate(logits, (logits.shape[2], width), mode='bilinear', antialias=True)
    place = (torch.arange(height, device=logits.device, dtype=logits.dtype) + 0.5) * (logits.shape[2] / height) - 0.5
    place = place.clamp(0, logits.shape[2] - 1)
    above = place.long()
    below, fraction = (above + 1).clamp(max=logits.shape[2] - 1), (place - above)[:, None]
    for strip in torch.arange(height, device=logits.device).split(rows):
        yield torch.lerp(wide[:, :, above[strip]], wide[:, :, below[strip]], fraction[strip])
