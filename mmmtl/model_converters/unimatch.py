"""Convert the CNN and transformer of a published UniMatch, GMDepth or MVSplat checkpoint to our CrossViewModule.

    mmmtl convert-model unimatch SRC DST

The result initializes the neck: ``neck=dict(type=CrossViewModule, init_cfg=dict(type='Pretrained', checkpoint=DST))``.
The other parts of the published networks (upsampler, refinement, Gaussian heads) are dropped, and their names are
printed. Only models with a single scale at stride 8 can be converted.
"""

import re

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict, check
from mmmtl.models.necks import CrossViewModule

LAYERS = {'q_proj': 'query', 'k_proj': 'key', 'v_proj': 'value', 'merge': 'merge', 'norm1': 'norm'}
FEED_FORWARD = {'mlp.0': 'expand', 'mlp.2': 'reduce', 'norm2': 'norm'}


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of the neck.

    Raises:
        CheckpointError: Keys are missing or ambiguous, or a tensor has a different shape.
    """
    state_dict, left_out = {}, set()
    for key, value in published.items():
        ours = unimatch_key(key)
        if ours is None:
            left_out.add('.'.join(key.split('.')[:2]))
        elif ours in state_dict:
            raise CheckpointError(f'two published keys are converted to {ours}, one of them is {key}')
        else:
            state_dict[ours] = value
    if left_out:
        print(f'omitted: {", ".join(sorted(left_out))}')
    return check(state_dict, CrossViewModule((8,), (8,)).state_dict())


def unimatch_key(key: str) -> str | None:
    """Return our key for a published key, None if it belongs to neither the CNN nor the transformer.

    Published keys may have a prefix, such as ``module.`` or MVSplat's ``encoder.backbone.``.
    """
    key = re.sub(r'^(module\.|encoder\.backbone\.)', '', key)
    if match := re.fullmatch(r'backbone\.(conv1|conv2)\.(weight|bias)', key):
        layer, kind = match.groups()
        return f'spatial_encoder.{dict(conv1="stem", conv2="out")[layer]}.{kind}'
    if match := re.fullmatch(r'backbone\.layer([123])\.([01])\.(conv1|conv2|downsample\.0)\.(weight|bias)', key):
        stage, block, layer, kind = match.groups()
        number = 2 * (int(stage) - 1) + int(block)
        return f'spatial_encoder.stages.{number}.{layer.replace("downsample.0", "shortcut")}.{kind}'
    if match := re.fullmatch(r'transformer\.layers\.(\d+)\.(self_attn|cross_attn_ffn)\.(.+)\.(weight|bias)', key):
        block, part, layer, kind = match.groups()
        if part == 'cross_attn_ffn' and layer in FEED_FORWARD:
            return f'transformer.blocks.{block}.{FEED_FORWARD[layer]}.{kind}'
        if layer in LAYERS:
            attention = {'self_attn': 'self_attention', 'cross_attn_ffn': 'cross_attention'}[part]
            return f'transformer.blocks.{block}.{attention}.{LAYERS[layer]}.{kind}'
    return None
