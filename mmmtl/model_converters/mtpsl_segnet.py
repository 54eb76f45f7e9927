"""Convert a published MTPSL SegNet (VICO-UoE/MTPSL, standard widths) to our MultiTaskModel of SegNet and ConvHeads.

    mmmtl convert-model mtpsl-segnet SRC DST

The result loads strictly into ``backbone=dict(type=SegNet)`` with ``decode_head=dict(type=PerTaskHead,
head=dict(type=ConvHead, channels=64, norm=None, act=None))`` and the tasks semseg, depth and, unless it is the
two-task Cityscapes model, normal. Images must be RGB in [0, 1], without normalization. ``logsigma``, the learned
weights of the training losses, is dropped, since it is not part of the network.
"""

import re

import torch
from torch import nn

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict, check
from mmmtl.models.backbones import SegNet
from mmmtl.models.decode_heads import ConvHead

TASKS = {'pred_task1': 'semseg', 'pred_task2': 'depth', 'pred_task3': 'normal'}


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of the whole model.

    Raises:
        CheckpointError: Keys are missing or unknown, or a tensor has a different shape.
    """
    published = dict(published)
    if published.pop('logsigma', None) is not None:
        print('omitted: logsigma, the weights of the training losses')
    unknown = [key for key in published if segnet_key(key) is None]
    if unknown:
        raise CheckpointError(f'not a SegNet of MTPSL: contains {unknown[0]!r}, one of {len(unknown)} unknown keys')
    state_dict = {ours: value for key, value in published.items() if (ours := segnet_key(key))}
    weight = state_dict.get('decode_head.heads.semseg.classifier.weight')
    if weight is None or weight.dim() != 4:
        raise CheckpointError('not a SegNet of MTPSL: pred_task1.1.weight, the semantic classifier, is missing')
    channels = dict(semseg=weight.shape[0], depth=1)
    if any(key.startswith('decode_head.heads.normal.') for key in state_dict):
        channels['normal'] = 3
    return check(state_dict, _expected(channels))


def segnet_key(key: str) -> str | None:
    """Return our key for a published key, None if it is unknown; no two published keys map to the same one."""
    if match := re.fullmatch(r'(encoder|decoder)_block\.(\d)\.(\d\.\w+)', key):
        part, level, rest = match.groups()
        return f'backbone.{part}.{level}.0.{rest}'
    if match := re.fullmatch(r'conv_block_(enc|dec)\.([01])\.(\d\.\w+)', key):
        part, level, rest = match.groups()
        return f'backbone.{part}oder.{level}.1.{rest}'
    if match := re.fullmatch(r'conv_block_(enc|dec)\.([234])\.([01])\.(\d\.\w+)', key):
        part, level, block, rest = match.groups()
        return f'backbone.{part}oder.{level}.{int(block) + 1}.{rest}'
    if match := re.fullmatch(r'(pred_task[123])\.([01])\.(\w+)', key):
        task, layer, rest = match.groups()
        return f'decode_head.heads.{TASKS[task]}.{("convs.0.conv", "classifier")[int(layer)]}.{rest}'
    return None


def _expected(channels: dict[str, int]) -> StateDict:
    """Return the state dict of the model with meta tensors: keys, shapes and dtypes only."""
    with torch.device('meta'):
        backbone = SegNet()
        heads = nn.ModuleDict(
            {
                task: ConvHead(backbone.out_channels, backbone.strides, count, channels=64, norm=None, act=None)
                for task, count in channels.items()
            }
        )
    return {
        **backbone.state_dict(prefix='backbone.'),
        **heads.state_dict(prefix='decode_head.heads.'),
    }
