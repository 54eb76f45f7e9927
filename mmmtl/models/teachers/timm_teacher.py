"""A frozen network of timm as the teacher of another network."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.files.checksums import content_digest
from mmmtl.models.backbones.timm_backbone import TimmBackbone, colours_of
from mmmtl.models.data_preprocessor import IMAGENET_MEAN, IMAGENET_STD
from mmmtl.registry import MODELS


@MODELS.register_module()
class TimmTeacher:
    """Feature maps of a timm network, such as DINOv2, CLIP or SAM, before its last norm.

    The network is not part of the model: it is built at the first use, is not saved in checkpoints, and is not needed
    for prediction.

    Every cell of its maps covers the same part of the image as the same part of a student's maps. For this, the image
    is resized to the nearest multiple of the patch, bicubically; with ``long_side``, it is resized to this length and
    padded to a square, as SAM requires, and the cells of the padding are removed. ``published=True`` does as the
    released code of SAK: it cuts off rows and columns that do not fill a patch and keeps the cells of the padding, so
    that cells of teacher and student may not correspond; and it normalizes the images of all
    teachers with the mean and standard deviation of ImageNet.

    Args:
        model_name: timm's name.
        out_indices: Indices of the feature maps, as in timm.
        pretrained: Whether to load timm's weights; see `TimmBackbone`.
        checkpoint: Local file with weights, to use instead.
        long_side: Length in pixels to which the longer side is resized; None for the size of the images.
        mean: Mean of the colours in [0, 1] that the network was trained with; by default those that timm lists.
        std: Standard deviation likewise.
        published: Whether to treat borders and colours as in the released code of SAK, see above.

    Raises:
        ConfigError: ``long_side`` is not positive.
    """

    def __init__(
        self,
        model_name: str,
        out_indices: Sequence[int],
        *,
        pretrained: bool = True,
        checkpoint: str | None = None,
        long_side: int | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        published: bool = False,
    ) -> None:
        if long_side is not None and long_side < 1:
            raise ConfigError(f'TimmTeacher.long_side must be a positive number of pixels, found {long_side}')
        self.model_name, self.published, self.long_side = model_name, published, long_side
        self.options: dict[str, Any] = dict(
            out_indices=tuple(out_indices), pretrained=pretrained, checkpoint=checkpoint
        )
        own = None if published else colours_of(model_name)
        self.mean = tuple(mean or (own.mean if own else IMAGENET_MEAN))
        self.std = tuple(std or (own.std if own else IMAGENET_STD))
        self._network: TimmBackbone | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> TimmTeacher:
        """Return the teacher itself: it is constant, and copies of a model share it."""
        return self

    @property
    def network(self) -> TimmBackbone:
        """The frozen network. Without pretrained weights, its random weights depend only on the name.

        Raises:
            CheckpointError: Its weights are not available or do not fit.
        """
        if self._network is None:
            with torch.random.fork_rng(devices=[]):  # of the CPU alone, as is the seed: that of GPUs stays as it is
                torch.default_generator.manual_seed(zlib.crc32(self.model_name.encode()))
                self._network = TimmBackbone(self.model_name, check_colours=False, **self.options)
            self._network.eval().requires_grad_(False)
        return self._network

    @property
    def out_channels(self) -> tuple[int, ...]:
        """Channels of the maps."""
        return self.network.out_channels

    @property
    def digest(self) -> str:
        """Digest of all that determines the maps of an image: weights and options."""
        values = [value.detach().cpu().contiguous().numpy().tobytes() for value in self.network.state_dict().values()]
        options = repr((self.model_name, self.options['out_indices'], self.long_side, self.published))
        return content_digest(b''.join([options.encode(), repr((self.mean, self.std)).encode(), *values]))

    @torch.no_grad()
    def __call__(self, rgb: Tensor) -> tuple[Tensor, ...]:
        """Return the maps (N, C_i, h_i, w_i) of images (N, 3, H, W) in [0, 1]."""
        network = self.network.to(rgb.device)
        mean, std = (
            torch.tensor(values, dtype=rgb.dtype).view(3, 1, 1).to(rgb.device, non_blocking=True)
            for values in (self.mean, self.std)
        )
        images, patch = (rgb - mean) / std, max(network.strides)
        height, width = images.shape[-2:]
        if self.long_side is None:
            size = self._whole_patches(height, patch), self._whole_patches(width, patch)
            images = images[..., : size[0], : size[1]] if self.published else _resize(images, size)
            return network(images)
        scale, side = self.long_side / max(height, width), self.long_side
        if self.published:
            size = int(height * scale + 0.5), int(width * scale + 0.5)
        else:
            size = self._whole_patches(height * scale, patch), self._whole_patches(width * scale, patch)
        images = F.pad(_resize(images, size), (0, side - size[1], 0, side - size[0]))
        maps = network(images)
        if self.published:
            return maps
        return tuple(
            x[..., : size[0] // stride, : size[1] // stride] for x, stride in zip(maps, network.strides, strict=True)
        )

    def _whole_patches(self, length: float, patch: int) -> int:
        """Return the nearest multiple of the patch size; with ``published``, the next smaller one."""
        count = int(length // patch) if self.published else round(length / patch)
        return max(count, 1) * patch


def _resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    if (images.shape[-2], images.shape[-1]) == size:
        return images
    return F.interpolate(images, size, mode='bicubic', align_corners=False)
