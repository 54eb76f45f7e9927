"""Write the weights of a checkpoint as a small file that holds tensors only."""

from pathlib import Path

import torch
from safetensors.torch import save

from mmmtl.checkpoints.checkpoint import read_checkpoint
from mmmtl.files.atomic_path import atomic_path


def write_half_precision(checkpoint: str | Path, file: str | Path) -> None:
    """Write the weights of a checkpoint in the safetensors format, kernels in half precision.

    One-dimensional tensors (biases, statistics of normalization) stay in single precision: they are small, and half
    precision could overflow.

    Args:
        checkpoint: Checkpoint of a training run.
        file: The ``.safetensors`` file to write.

    Raises:
        CheckpointError: The checkpoint is missing or damaged.
    """
    weights = {
        key: value.half() if value.is_floating_point() and value.dim() > 1 else value
        for key, value in read_checkpoint(checkpoint)['state_dict'].items()
    }
    with atomic_path(Path(file)) as unfinished:
        unfinished.write_bytes(
            save({key: value.contiguous() for key, value in weights.items()}, metadata={'format': 'pt'})
        )


def largest_rounding_error(checkpoint: str | Path, file: str | Path) -> float:
    """Return the largest difference of a weight in the file, relative to the largest weight of its tensor."""
    exact, rounded = (read_checkpoint(path)['state_dict'] for path in (checkpoint, file))
    return max(
        float(
            (rounded[key].float() - value.float()).abs().max() / value.float().abs().max().clamp(min=torch.finfo().tiny)
        )
        for key, value in exact.items()
        if value.is_floating_point() and value.numel()
    )
