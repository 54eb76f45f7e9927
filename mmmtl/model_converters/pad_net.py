"""Convert a published PAD-Net on HRNet-w18 to our MultiTaskModel of MMSegBackbone and PADNetHead.

    mmmtl convert-model pad-net SRC DST

Published at github.com/SimonVandenhende/Multi-Task-Learning-PyTorch. The result loads strictly into the rows
``pad_net`` of ``decoders/nyud_40.py`` and ``decoders/pascal.py``. All published weights are used.
"""

import re

from mmmtl.model_converters.conversion import StateDict, check
from mmmtl.model_converters.distilling_networks import MESSAGE, expected_model, rename_keys
from mmmtl.model_converters.published_tasks import task_name
from mmmtl.models.decode_heads import PADNetHead


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of the whole model.

    Raises:
        CheckpointError: Keys or shapes are not the published ones.
    """
    ours = rename_keys(published, pad_net_key, 'PAD-Net')
    classifiers = r'decode_head\.initial_logits\.(\w+)\.weight'
    return check(ours, expected_model(ours, classifiers, PADNetHead, 'PAD-Net'))


def pad_net_key(key: str) -> str | None:
    """Return our key for a published one, None if it is unknown; no two keys have the same result."""
    if match := re.fullmatch(r'backbone\.0\.(.+)', key):
        return f'backbone.backbone.{match[1]}'
    if match := re.fullmatch(r'backbone\.1\.last_layer\.([01]\.\w+)', key):
        return f'decode_head.fuse.{match[1]}'
    if match := re.fullmatch(r'initial_task_prediction_heads\.layers\.(\w+)\.(\d\..+)', key):
        return f'decode_head.initial.{task_name(match[1])}.{match[2]}'
    if match := re.fullmatch(r'initial_task_prediction_heads\.conv_out\.(\w+)\.(\w+)', key):
        return f'decode_head.initial_logits.{task_name(match[1])}.{match[2]}'
    if match := re.fullmatch(
        r'multi_modal_distillation\.self_attention\.(\w+)\.(\w+)\.(attention\.0|conv)\.(\w+)', key
    ):
        tasks = f'{task_name(match[1])}.{task_name(match[2])}'
        return f'decode_head.distillation.messages.{tasks}.{MESSAGE[match[3]]}.{match[4]}'
    if match := re.fullmatch(r'heads\.(\w+)\.(\d\..+)', key):
        return f'decode_head.final.{task_name(match[1])}.{match[2]}'
    return None
