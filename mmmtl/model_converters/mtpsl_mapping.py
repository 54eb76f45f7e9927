"""Convert the mapping network of a published MTPSL checkpoint (VICO-UoE/MTPSL, standard widths) to JointTaskSpace.

    mmmtl convert-model mtpsl-mapping SRC DST

The result loads strictly into ``JointTaskSpace`` with the tasks semseg, depth and, unless the checkpoint has only two
input layers, normal. Running means and variances are dropped, because the mapping always normalizes with the statistics
of the map itself. Keys that do not begin with ``mapfns.`` are dropped too; `mtpsl_segnet` converts them.
"""

import re

import torch

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict, check
from mmmtl.models.consistency_losses import JointTaskSpace
from mmmtl.tasks import Depth, Normal, SemSeg

TASKS = ('semseg', 'depth', 'normal')
PREFIX = 'mapfns.'
LAYERS = {'conv': 'conv', 'bn': 'norm', 'gamma': 'norm.film.gamma', 'beta': 'norm.film.beta', '0': 'conv', '1': 'norm'}


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of `JointTaskSpace`.

    Raises:
        CheckpointError: Keys are missing or unknown, or a tensor has a different shape.
    """
    state_dict = {}
    for key, value in published.items():
        if not key.startswith(PREFIX) or key.rpartition('.')[2] in (
            'running_mean',
            'running_var',
            'num_batches_tracked',
        ):
            continue
        name = mapping_key(key.removeprefix(PREFIX))
        if name is None:
            raise CheckpointError(f'not a mapping network of MTPSL: unknown key {key!r}')
        state_dict[name] = value.T if '.film.' in name else value  # transposed: one row per task pair
    first = [state_dict.get(f'inputs.{task}.conv.weight') for task in TASKS]
    if first[0] is None or first[0].dim() != 4:
        raise CheckpointError(f'not a mapping network of MTPSL: {PREFIX}pred_encoder_source.0.0.weight is missing')
    known = {
        'semseg': SemSeg('semseg', [str(number) for number in range(first[0].shape[1])]),
        'depth': Depth('depth'),
        'normal': Normal('normal'),
    }
    with torch.device('meta'):
        space = JointTaskSpace(
            {task: known[task] for task, weight in zip(TASKS, first, strict=True) if weight is not None}
        )
    return check(state_dict, space.state_dict())


def mapping_key(key: str) -> str | None:
    """Return our key for a published key, None if it is unknown; no two published keys map to the same one."""
    if match := re.fullmatch(r'pred_encoder_source\.([012])\.([01])\.(weight|bias)', key):
        task, layer, rest = match.groups()
        return f'inputs.{TASKS[int(task)]}.{LAYERS[layer]}.{rest}'
    if match := re.fullmatch(r'encoder_block\.([0-4])\.(\w+)(\.\w+)?', key):
        stage, layer, rest, block = *match.groups(''), 0
    elif match := re.fullmatch(r'conv_block_enc\.([01])\.(\w+)(\.\w+)?', key):
        stage, layer, rest, block = *match.groups(''), 1
    elif match := re.fullmatch(r'conv_block_enc\.([2-4])\.([01])\.(\w+)(\.\w+)?', key):
        stage, number, layer, rest = match.groups('')
        block = int(number) + 1
    else:
        return None
    return f'stages.{stage}.{block}.{LAYERS[layer]}{rest}' if layer in LAYERS else None
