"""Export a network to ONNX or torch.export, and compare the file with the original."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.config import Config
from torch import Tensor

from mmmtl.apis.init_model import init_model, resolve_network
from mmmtl.errors import ConfigError
from mmmtl.export.comparison import TOLERANCE, largest_differences, original_values
from mmmtl.export.example_inputs import ExampleInputs
from mmmtl.export.exported_network import ExportedNetwork
from mmmtl.export.metadata import describe
from mmmtl.export.onnx_file import write_onnx
from mmmtl.export.torch_file import torch_program, write_torch_file
from mmmtl.extras import import_extra

DEFAULT_SIZE = 240, 320
# What may change between images, tried in this order; the first that passes the comparison is kept.
FREEDOMS = (('batch', 'size'), ('size',), ('batch',), ())
PACKAGES = 'onnx', 'onnxruntime', 'onnxscript'


@dataclass(frozen=True)
class Exported:
    """An exported network.

    Args:
        file: The file.
        differences: ``{task: largest difference}`` to PyTorch, see `largest_differences`.
        free: Dimensions that may change between images: ``'batch'``, ``'size'``.
        size: Size (H, W) of the images that were compared, the only one unless ``'size'`` is free.
    """

    file: Path
    differences: Mapping[str, float]
    free: tuple[str, ...]
    size: tuple[int, int]


def export_model(
    config: str | Path | Config,
    checkpoint: str | Path | None,
    file: str | Path,
    *,
    size: tuple[int, int] | None = None,
    fixed: bool = False,
    probabilities: bool = False,
    views: int = 1,
    photograph: np.ndarray | None = None,
) -> Exported:
    """Write a network as one file, from image to metres, unit vectors, classes and probabilities.

    The file is compared with the network on a photograph, and kept only if no value differs by more than 1e-4.

    Args:
        config: Name of a network in the model zoo, a config file, or a config from `load_config`.
        checkpoint: File with weights; None for the published weights of a network of the model zoo.
        file: ``OUT.onnx``, or ``OUT.pt2`` for `torch.export`.
        size: Size (H, W) of the images to compare; by default the one that the network was trained for.
        fixed: Whether to accept images of this size only. A .pt2 file always has a fixed size.
        probabilities: Whether tasks of classes return probabilities instead of class indices.
        views: Number of views of a scene; with several, the cameras are inputs too.
        photograph: (H, W, 3) uint8 RGB for the comparison; a sample image of scikit-image by default.

    Raises:
        MissingExtraError: A package of the extra ``onnx`` is not installed.
        ConfigError: The file has a different suffix, the network has no weights, it cannot be exported, or the
            comparison fails. No file is left.
    """
    file = Path(file)
    if file.suffix not in ('.onnx', '.pt2'):
        raise ConfigError(f'{file}: expected a name that ends in .onnx or .pt2')
    if not file.parent.is_dir():
        raise ConfigError(f'{file}: there is no folder {file.parent}')
    for package in PACKAGES if file.suffix == '.onnx' else ():
        import_extra(package, 'the export to ONNX')
    resolved, weights = resolve_network(config, checkpoint)
    if weights is None:
        raise ConfigError(f'{config}: its weights are not published; give a checkpoint')
    model = init_model(resolved, weights).requires_grad_(False)
    network = ExportedNetwork(model, probabilities=probabilities, views=views).eval()
    trained = (resolved.get('trained_for') or {}).get('size')
    height, width = model.size_constraint.fixed or size or trained or DEFAULT_SIZE
    examples = ExampleInputs(photograph, (height, width), views, map_size=file.suffix == '.onnx')
    metadata = describe(model, resolved, probabilities=probabilities, views=views)
    tasks = list(model.tasks)
    any_size = not (fixed or model.size_constraint.fixed or file.suffix == '.pt2')
    allowed = [free for free in FREEDOMS if (any_size or 'size' not in free) and (views == 1 or free == ())]

    def attempt(free: tuple[str, ...], path: Path) -> dict[str, float]:
        """Write a file and return its largest differences."""
        if file.suffix == '.onnx':
            write_onnx(network, examples.traced(free), tasks, free, metadata, path)
            run = onnx_session(path, tasks)
        else:
            write_torch_file(network, examples.traced(free), free, metadata, path)
            run = torch_program(path, tasks)
        worst = dict.fromkeys(tasks, 0.0)
        for inputs in examples.compared(free):
            found = largest_differences(model.tasks, original_values(model, inputs, views), run(inputs))
            worst = {task: max(worst[task], found[task]) for task in tasks}
        return worst

    temporary = file.with_name(f'.{os.getpid()}.{file.name}')
    reason = ''
    try:
        for free in allowed:
            try:
                differences = attempt(free, temporary)
            except Exception as error:  # exporters and runtimes raise many types for what they do not support
                reason = (
                    f'it cannot be exported: {type(error).__name__}: {(str(error).strip().splitlines() or [""])[0]}'
                )
                continue
            if max(differences.values()) <= TOLERANCE:
                temporary.replace(file)
                return Exported(file, differences, free, examples.size)
            task = max(tasks, key=lambda name: differences[name])
            reason = f'{task} differs from PyTorch by {differences[task]:.1e}, more than {TOLERANCE:.0e}'
    finally:
        temporary.unlink(missing_ok=True)
    raise ConfigError(f'{file}: not written: {reason}')


def onnx_session(file: Path, tasks: list[str]) -> Callable[[Mapping[str, Tensor]], dict[str, np.ndarray]]:
    """Load a file into onnxruntime and return a function from inputs, by name, to ``{task: map}``."""
    runtime = import_extra('onnxruntime', 'the export to ONNX')
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # fatal errors; others are raised
    session = runtime.InferenceSession(str(file), options, providers=['CPUExecutionProvider'])

    def run(inputs: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
        return dict(zip(tasks, session.run(tasks, {name: x.numpy() for name, x in inputs.items()}), strict=True))

    return run
