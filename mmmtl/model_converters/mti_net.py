"""Convert a published MTI-Net on HRNet-w18 to our MultiTaskModel of MMSegBackbone and MTINetHead.

    mmmtl convert-model mti-net SRC DST

Published at github.com/SimonVandenhende/Multi-Task-Learning-PyTorch. The result loads strictly into the rows
``mti_net`` of ``decoders/nyud_40.py`` and ``decoders/pascal.py``, with ``task_softmax='published'``. The order in which
the published network concatenates its tasks, on which the softmax depends, is that of its keys; it is saved as
``task_order``, see `FeaturePropagation`. All published weights are used.
"""

import re
from collections.abc import Sequence

import torch

from mmmtl.model_converters.conversion import StateDict, check
from mmmtl.model_converters.distilling_networks import MESSAGE, expected_model, rename_keys
from mmmtl.model_converters.published_tasks import task_name
from mmmtl.models.decode_heads import MTINetHead

PROPAGATION = {'non_linear': 'mask', 'dimensionality_reduction': 'reduce.0'}


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of the whole model.

    Raises:
        CheckpointError: Keys or shapes are not the published ones.
    """
    ours = rename_keys(published, mti_net_key, 'MTI-Net')
    ours |= task_orders(list(ours))
    classifiers = r'decode_head\.initial_logits\.0\.(\w+)\.weight'
    return check(ours, expected_model(ours, classifiers, MTINetHead, 'MTI-Net'))


def task_orders(keys: Sequence[str]) -> StateDict:
    """Return ``task_order`` of every scale with `FeaturePropagation`, from our keys in the published order."""
    orders = {}
    for key in keys:
        if match := re.fullmatch(r'decode_head\.propagation\.(\d)\.mask\.0\.conv1\.weight', key):
            found = [re.match(rf'decode_head\.initial_logits\.{match[1]}\.(\w+)\.weight', name) for name in keys]
            tasks = [one[1] for one in found if one]
            order = torch.tensor([sorted(tasks).index(task) for task in tasks], dtype=torch.int64)
            orders[f'decode_head.propagation.{match[1]}.task_order'] = order
    return orders


def mti_net_key(key: str) -> str | None:
    """Return our key for a published one, None if it is unknown; no two keys have the same result."""
    if match := re.fullmatch(r'backbone\.(.+)', key):
        return f'backbone.backbone.{match[1]}'
    if match := re.fullmatch(r'scale_(\d)\.refinement\.(\w+)\.(\d\..+)', key):
        return f'decode_head.initial.{match[1]}.{task_name(match[2])}.{match[3]}'
    if match := re.fullmatch(r'scale_(\d)\.decoders\.(\w+)\.(\w+)', key):
        return f'decode_head.initial_logits.{match[1]}.{task_name(match[2])}.{match[3]}'
    if match := re.fullmatch(r'fpm_scale_([1-9])\.(non_linear|dimensionality_reduction)\.(.+)', key):
        return f'decode_head.propagation.{int(match[1]) - 1}.{PROPAGATION[match[2]]}.{match[3]}'
    if match := re.fullmatch(r'fpm_scale_([1-9])\.se\.(\w+)\.squeeze\.(\d\.\w+)', key):
        return f'decode_head.propagation.{int(match[1]) - 1}.excite.{task_name(match[2])}.weights.{match[3]}'
    pattern = r'distillation_scale_(\d)\.self_attention\.(\w+)\.(\w+)\.(attention\.0|conv)\.(\w+)'
    if match := re.fullmatch(pattern, key):
        tasks = f'{task_name(match[2])}.{task_name(match[3])}'
        return f'decode_head.distillation.{match[1]}.messages.{tasks}.{MESSAGE[match[4]]}.{match[5]}'
    if match := re.fullmatch(r'heads\.(\w+)\.last_layer\.(\d\..+)', key):
        return f'decode_head.final.{task_name(match[1])}.{match[2]}'
    return None
