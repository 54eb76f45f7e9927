"""Rename keys and build the expected model, for the converters of PAD-Net and MTI-Net on the small HRNet-w18."""

import re
from collections.abc import Callable

import torch
from mmengine.config import Config

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict
from mmmtl.model_converters.published_tasks import placeholder_tasks
from mmmtl.model_converters.rdc_hrnet18 import SMALL
from mmmtl.models.backbones import MMSegBackbone
from mmmtl.models.decode_heads import MTINetHead, PADNetHead

MESSAGE = {'attention.0': 'gate', 'conv': 'value'}  # published convolution of a message -> ours


def rename_keys(published: StateDict, rename: Callable[[str], str | None], network: str) -> StateDict:
    """Rename all keys.

    Args:
        published: Published weights.
        rename: Returns our key for a published one, None if it is unknown.
        network: Name of the network, for error messages.

    Raises:
        CheckpointError: A key is unknown.
    """
    if unknown := [key for key in published if rename(key) is None]:
        raise CheckpointError(
            f'not a checkpoint of {network} on HRNet-w18: {len(unknown)} unknown keys, such as {unknown[0]!r}'
        )
    return {name: value for key, value in published.items() if (name := rename(key))}


def expected_model(ours: StateDict, classifiers: str, head: type[PADNetHead | MTINetHead], network: str) -> StateDict:
    """Build the expected model on the meta device; tasks without a final prediction are auxiliary.

    Args:
        ours: Converted weights, with the tasks in their published order.
        classifiers: Pattern of the keys of the initial classifiers, with the task as its group.
        head: Class of the decode head.
        network: Name of the network, for error messages.

    Returns:
        Parameters and buffers of the whole model, by key.

    Raises:
        CheckpointError: No task has an initial and a final classifier.
    """
    tasks = placeholder_tasks({match[1]: len(ours[key]) for key in ours if (match := re.fullmatch(classifiers, key))})
    final = {match[1] for key in ours if (match := re.fullmatch(r'decode_head\.final\.(\w+)\.\d\..+', key))}
    if not set(tasks) & final:
        raise CheckpointError(f'not a checkpoint of {network} on HRNet-w18: no task has initial and final predictions')
    backbone = MMSegBackbone(Config(dict(type='mmseg.HRNet', extra=SMALL, norm_cfg=dict(type='BN'))))
    with torch.device('meta'):
        built = head(tasks, backbone.out_channels, backbone.strides, auxiliary=[t for t in tasks if t not in final])
    return {**backbone.state_dict(prefix='backbone.'), **built.state_dict(prefix='decode_head.')}
