"""Initial weights of a joint training run: those of each task from its own checkpoint, the rest from one of them."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from mmmtl.checkpoints.checkpoint import load_weights, read_checkpoint
from mmmtl.errors import CheckpointError
from mmmtl.models import MultiTaskModel


def merge_weights(model: MultiTaskModel, checkpoints: Mapping[str, str | Path], shared: str) -> dict[str, Tensor]:
    """Load the weights of several single-task checkpoints into one model.

    A parameter or buffer belongs to a task if one of the dot-separated parts of its name is the name of the task, as in
    ``decode_head.heads.depth.classifier.weight``; it comes from the checkpoint of this task. All others, such as those
    of the encoder, come from the checkpoint of ``shared``.

    Args:
        model: The multi-task model, changed in place.
        checkpoints: ``{task: file}`` for each task of the model.
        shared: The task whose checkpoint has the shared weights.

    Returns:
        The merged ``state_dict``.

    Raises:
        CheckpointError: A checkpoint is missing, unreadable, or does not fit.
    """
    missing = sorted({*model.tasks, shared} - set(checkpoints))
    if missing:
        given = ', '.join(checkpoints) or 'none'
        raise CheckpointError(f'no checkpoint for {", ".join(missing)}, only for {given}; give one for each task')
    states = {task: read_checkpoint(path)['state_dict'] for task, path in checkpoints.items()}
    merged = {}
    for key in model.state_dict():
        task = next((name for name in model.tasks if name in key.split('.')), shared)
        if key not in states[task]:
            raise CheckpointError(f'{checkpoints[task]}: lacks {key}; use a checkpoint of the same network')
        merged[key] = states[task][key]
    load_weights(model, merged, ' + '.join(str(path) for path in checkpoints.values()))
    return merged
