"""Convert a published HRNet-w18 of region contrast to our MultiTaskModel.

    mmmtl convert-model rdc-hrnet18 SRC DST

Published at github.com/HereNowL/Region-aware-Distribution-Contrast. The result loads strictly into the model of
``configs/_base_/models/hrnet_w18s.py`` with the tasks semseg, depth and, unless it is the two-task Cityscapes model,
normal. Images are normalized with the mean and standard deviation of ImageNet.
"""

import re

import torch
from mmengine.config import Config

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict, check
from mmmtl.models.backbones import MMSegBackbone
from mmmtl.models.decode_heads import HRNetHead
from mmmtl.tasks import Depth, Normal, SemSeg

SMALL = dict(
    stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(2,), num_channels=(64,)),
    stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(2, 2), num_channels=(18, 36)),
    stage3=dict(num_modules=3, num_branches=3, block='BASIC', num_blocks=(2, 2, 2), num_channels=(18, 36, 72)),
    stage4=dict(num_modules=2, num_branches=4, block='BASIC', num_blocks=(2, 2, 2, 2), num_channels=(18, 36, 72, 144)),
)


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of the whole model.

    Raises:
        CheckpointError: Keys are missing or unknown, or a tensor has a different shape.
    """
    unknown = [key for key in published if hrnet_key(key) is None]
    if unknown:
        raise CheckpointError(
            f'not an HRNet of region contrast: contains {unknown[0]!r}, one of {len(unknown)} unknown keys'
        )
    weight = published.get('semseg_head.last_layer.3.weight')
    if weight is None or weight.dim() != 4 or not 2 <= weight.shape[0] < 255:
        raise CheckpointError(
            'not an HRNet of region contrast: semseg_head.last_layer.3.weight, the semantic '
            'classifier, is missing or has an invalid shape'
        )
    with_normal = any(key.startswith('normal_head.') for key in published)
    state_dict = {ours: value for key, value in published.items() if (ours := hrnet_key(key))}
    return check(state_dict, _expected(weight.shape[0], with_normal))


def hrnet_key(key: str) -> str | None:
    """Return our key for a published key, None if it is unknown; no two published keys map to the same one."""
    if match := re.fullmatch(r'backbone\.(.+)', key):
        return f'backbone.backbone.{match[1]}'
    if match := re.fullmatch(r'(semseg|depth|normal)_head\.last_layer\.([013]\.\w+)', key):
        return f'decode_head.heads.{match[1]}.{match[2]}'
    return None


def _expected(classes: int, with_normal: bool) -> StateDict:
    """Return the state dict of an untrained model, whose keys, shapes and dtypes are compared."""
    backbone = MMSegBackbone(Config(dict(type='mmseg.HRNet', extra=SMALL, norm_cfg=dict(type='BN'))))
    tasks = {'semseg': SemSeg('semseg', [str(number) for number in range(classes)]), 'depth': Depth('depth')}
    if with_normal:
        tasks['normal'] = Normal('normal')
    with torch.device('meta'):
        head = HRNetHead(tasks, backbone.out_channels, backbone.strides)
    return {**backbone.state_dict(prefix='backbone.'), **head.state_dict(prefix='decode_head.')}
