"""Collect the images of all views into one normalized batch."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmmtl.registry import MODELS

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@MODELS.register_module()
class ViewPreprocessor(BaseDataPreprocessor):
    """Stacks views along the batch axis, normalizes their colours and pads them at the right and at the bottom.

    N images (3, H_i, W_i) uint8, in the order (b v), become (N, 3, H, W) float32, where H and W are the largest of the
    batch, rounded up to a multiple of ``divisor``. Padding is 0 after normalization, the mean colour. Training batches
    may mix sizes; as padding affects predictions, evaluation uses images of one `padded_size` at a time.

    Args:
        mean: Mean per channel of colours in [0, 1].
        std: Standard deviation per channel of colours in [0, 1].
        divisor: Height and width are padded to a multiple of it.
        channels_last: Whether the batch has the memory format ``channels_last``, which convolutions keep; faster on a
            CPU.
        non_blocking: Whether copies to the device are asynchronous.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        divisor: int = 1,
        channels_last: bool = False,
        non_blocking: bool = True,
    ) -> None:
        super().__init__(non_blocking)
        self.divisor = divisor
        self.mean_and_std = tuple(mean), tuple(std)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.register_buffer('mean', torch.tensor(mean).view(3, 1, 1) * 255, persistent=False)
        self.register_buffer('std', torch.tensor(std).view(3, 1, 1) * 255, persistent=False)

    def padded_size(self, image: Tensor) -> tuple[int, int]:
        """Return the size (H, W) of an image (3, H_i, W_i) after padding, in a batch of images of its size."""
        height, width = (math.ceil(length / self.divisor) * self.divisor for length in image.shape[1:])
        return height, width

    def to_rgb(self, images: Tensor) -> Tensor:
        """Return the colours in [0, 1] of normalized images (N, 3, H, W)."""
        return (images * self.std + self.mean) / 255

    def forward(self, data: dict, training: bool = False) -> dict:
        """Return ``inputs`` (N, 3, H, W) and the samples of a collated batch."""
        data = self.cast_data(data)
        images = data['inputs']
        height, width = (max(lengths) for lengths in zip(*map(self.padded_size, images), strict=True))
        if all(image.shape[1:] == (height, width) for image in images):
            batch = (torch.stack(tuple(images)).float() - self.mean) / self.std
        else:
            batch = torch.stack(
                [
                    F.pad(
                        (image.float() - self.mean) / self.std, (0, width - image.shape[2], 0, height - image.shape[1])
                    )
                    for image in images
                ]
            )
        batch = batch.contiguous(memory_format=self.memory_format)
        return {'inputs': batch, 'data_samples': data['data_samples']}
