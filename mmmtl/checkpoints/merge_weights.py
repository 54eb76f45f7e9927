"""The start of a joint training: the shared part of one network, the heads of each task from its own."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from mmmtl.checkpoints.checkpoint import load_weights, read_checkpoint
from mmmtl.errors import CheckpointError


def merge_weights(model: nn.Module, checkpoints: Mapping[str, str | Path], shared: str) -> dict[str, Tensor]:
    """Weights for ``model``: what belongs to one task from that task's checkpoint, all else from that of ``shared``.

    A weight belongs to a task where the task's name is one of the parts of its name, as in
    ``decode_head.heads.depth.classifier.weight``. The model is left with the merged weights.

    Args:
        model: Of all tasks.
        checkpoints: ``{task: file}``, for each task of the model.
        shared: Whose encoder is taken.

    Raises:
        CheckpointError: A checkpoint is missing, unreadable, or does not fit.
    """
    missing = sorted({*model.tasks, shared} - set(checkpoints))
    if missing:
        raise CheckpointError(f'no checkpoint for {", ".join(missing)}; there are some for {", ".join(checkpoints)}')
    states = {task: read_checkpoint(path)['state_dict'] for task, path in checkpoints.items()}
    merged = {}
    for key in model.state_dict():
        owner = next((task for task in model.tasks if task in key.split('.')), shared)
        if key not in states[owner]:
            raise CheckpointError(f'{checkpoints[owner]}: lacks {key}; it was trained with another network')
        merged[key] = states[owner][key]
    load_weights(model, merged, ' + '.join(str(path) for path in checkpoints.values()))
    return merged
