"""Write a network as a file of `torch.export`, and run it."""

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn


def write_torch_file(
    network: nn.Module, inputs: Mapping[str, Tensor], free: Collection[str], metadata: Mapping[str, str], file: Path
) -> None:
    """Export a network for images of one size.

    Args:
        network: Takes ``inputs`` by name.
        inputs: Example inputs, by name.
        free: ``'batch'`` if the number of images may change.
        metadata: Strings to store, as ``metadata.json`` in the file.
        file: File to write.
    """
    shapes = {name: {0: torch.export.Dim.DYNAMIC} if 'batch' in free and name == 'image' else None for name in inputs}
    with torch.no_grad():
        program = torch.export.export(network, (), dict(inputs), dynamic_shapes=shapes, strict=False)
    torch.export.save(program, str(file), extra_files={'metadata.json': json.dumps(dict(metadata))})


def torch_program(file: Path, tasks: list[str]) -> Callable[[Mapping[str, Tensor]], dict[str, np.ndarray]]:
    """Load a file and return a function from inputs, by name, to ``{task: map}``."""
    program = torch.export.load(str(file)).module()

    def run(inputs: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
        with torch.inference_mode():
            return {task: values.numpy() for task, values in zip(tasks, program(**inputs), strict=True)}

    return run
