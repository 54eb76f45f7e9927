"""Rename the weights of the package efficientnet_pytorch to the names of timm."""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

STEM = {'_conv_stem': 'conv_stem', '_bn0': 'bn1'}
SEPARABLE = {'_depthwise_conv': 'conv_dw', '_bn1': 'bn1', '_project_conv': 'conv_pw', '_bn2': 'bn2'}
INVERTED_RESIDUAL = {
    '_expand_conv': 'conv_pw',
    '_bn0': 'bn1',
    '_depthwise_conv': 'conv_dw',
    '_bn1': 'bn2',
    '_project_conv': 'conv_pwl',
    '_bn2': 'bn3',
}
# the classifier and the convolution before it, whose output is not a feature; the last three are timm's own names
CLASSIFIER = ('_conv_head.', '_bn1.', '_fc.', 'conv_head.', 'bn2.', 'classifier.')


def timm_names(file_state: Mapping[str, Tensor], model_keys: Iterable[str]) -> dict[str, Tensor]:
    """Rename the entries of a file that has efficientnet_pytorch's names, and omit the classifier.

    That package numbers all blocks of the model consecutively, timm those of each stage: ``_blocks.k`` is block k of
    the model, counted from 0. Unknown names and timm's own names are kept.

    Args:
        file_state: The entries of the file.
        model_keys: Names of the entries of the model.
    """
    model_keys = list(model_keys)
    blocks = sorted(
        {(int(stage), int(block)) for key in model_keys for stage, block in re.findall(r'^blocks\.(\d+)\.(\d+)\.', key)}
    )
    expanded = {block for block in blocks if f'blocks.{block[0]}.{block[1]}.conv_pwl.weight' in model_keys}

    def renamed(key: str) -> str:
        if match := re.match(r'_blocks\.(\d+)\.([^.]+)\.(.+)$', key):
            number, layer, entry = int(match[1]), match[2], match[3]
            if number < len(blocks):
                stage, block = blocks[number]
                names = INVERTED_RESIDUAL if blocks[number] in expanded else SEPARABLE
                if layer in names:
                    return f'blocks.{stage}.{block}.{names[layer]}.{entry}'
        else:
            layer, _, entry = key.partition('.')
            if layer in STEM:
                return f'{STEM[layer]}.{entry}'
        return key

    return {renamed(key): value for key, value in file_state.items() if not key.startswith(CLASSIFIER)}
