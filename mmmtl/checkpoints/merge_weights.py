"""Initial weights of joint training: each task's own weights from that task's checkpoint, the rest from one."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from mmmtl.checkpoints.checkpoint import load_weights, read_checkpoint
from mmmtl.errors import CheckpointError


def merge_weights(model: nn.Module, checkpoints: Mapping[str, str | Path], shared: str) -> dict[str, Tensor]:
    """Load the weights of several single-task checkpoints into one model.

    A weight belongs to a task if one part of its name is the task's, as in
    ``decode_head.heads.depth.classifier.weight``; it comes from that task's checkpoint. All others, such as those of
    the encoder, come from the checkpoint of ``shared``.

    Args:
        model: The model of all tasks; it gets the merged weights.
        checkpoints: ``{task: file}`` for each task of the model.
        shared: The task whose checkpoint has the shared weights.

    Returns:
        The merged ``state_dict``.

    Raises:
        CheckpointError: A checkpoint is missing, unreadable, or does not fit.
    """
    assert isinstance(model.tasks, Mapping)
    missing = sorted({*model.tasks, shared} - set(checkpoints))
    if missing:
        raise CheckpointError(
            f'no checkpoint for {", ".join(missing)}, only for {", ".join(checkpoints)}; give one for each task'
        )
    states = {task: read_checkpoint(path)['state_dict'] for task, path in checkpoints.items()}
    merged = {}
    for key in model.state_dict():
        task = next((name for name in model.tasks if name in key.split('.')), shared)
        if key not in states[task]:
            raise CheckpointError(f'{checkpoints[task]}: lacks {key}; use a checkpoint of the same network')
        merged[key] = states[task][key]
    load_weights(model, merged, ' + '.join(str(path) for path in checkpoints.values()))
    return merged
