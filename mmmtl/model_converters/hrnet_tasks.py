"""What the converters of multi-task networks on the small HRNet-w18 share: names of tasks, and the expected model."""

import re

import torch
from mmengine.config import Config

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict
from mmmtl.model_converters.rdc_hrnet18 import SMALL
from mmmtl.models.backbones import MMSegBackbone
from mmmtl.models.decode_heads import MTINetHead, PADNetHead
from mmmtl.tasks import Depth, SemSeg, Task

TASK_NAMES = {'normals': 'normal', 'sal': 'saliency'}  # published name -> ours; other tasks have the same name


def task_name(published: str) -> str:
    """Return our name of a task."""
    return TASK_NAMES.get(published, published)


def expected_model(ours: StateDict, classifiers: str, head: type[PADNetHead | MTINetHead], network: str) -> StateDict:
    """Build the model on the meta device; tasks without a final prediction are auxiliary.

    Args:
        ours: Converted weights, with the tasks in their published order.
        classifiers: Pattern of the keys of the initial classifiers, with the task as its group.
        head: Class of the decode head.
        network: Name of the network, for messages.

    Returns:
        Parameters and buffers of the whole model, by key.

    Raises:
        CheckpointError: There is no initial classifier of any task.
    """
    tasks: dict[str, Task] = {}
    final = {match[1] for key in ours if (match := re.fullmatch(r'decode_head\.final\.(\w+)\.\d\..+', key))}
    for key, value in ours.items():
        if match := re.fullmatch(classifiers, key):
            # only the number of channels matters here
            classes = [str(index) for index in range(len(value))]
            tasks[match[1]] = SemSeg(match[1], classes) if len(value) > 1 else Depth(match[1])
    if not set(tasks) & final:
        raise CheckpointError(f'no {network} on HRNet-w18: it has no predictions of a task')
    backbone = MMSegBackbone(Config(dict(type='mmseg.HRNet', extra=SMALL, norm_cfg=dict(type='BN'))))
    with torch.device('meta'):
        built = head(tasks, backbone.out_channels, backbone.strides, auxiliary=[t for t in tasks if t not in final])
    return {**backbone.state_dict(prefix='backbone.'), **built.state_dict(prefix='decode_head.')}
