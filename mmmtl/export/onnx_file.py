"""Write a network as an ONNX file."""

import io
import os
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.extras import import_extra

OPSET = 18
MAP_SIZE = 'map_size'
ONNX_DOMAINS = {'', 'ai.onnx'}


def write_onnx(
    network: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    free: Collection[str],
    metadata: Mapping[str, str],
    file: Path,
) -> None:
    """Write a network; its input ``map_size`` becomes optional, with (0, 0) as default.

    A network for images of any size is traced: `torch.export` does not terminate for strided layers on such images. One
    for a fixed size goes through `torch.export`, which supports more operations.

    Args:
        network: Takes ``inputs`` and returns a tensor per output.
        inputs: Example inputs, by name.
        outputs: Names of the outputs.
        free: Dimensions that may change: ``'batch'`` (number of images), ``'size'`` (height and width).
        metadata: Strings to store.
        file: File to write.

    Raises:
        MissingExtraError: A package of the extra ``onnx`` is not installed.
        ConfigError: The network has operations that ONNX lacks.
    """
    onnx = import_extra('onnx', 'the export to ONNX')
    import_extra('onnxscript', 'the export to ONNX')
    with warnings.catch_warnings(), _silent(), torch.no_grad():
        warnings.simplefilter('ignore')  # of the tracer, about branches; the caller compares results
        if free:
            _trace(network, inputs, outputs, free, file)
        else:
            program = torch.export.export(network, (), dict(inputs), strict=False)
            torch.onnx.export(
                program,
                f=str(file),
                input_names=list(inputs),
                output_names=list(outputs),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
            )
    model = onnx.load(str(file))
    foreign = sorted({node.domain for node in model.graph.node} - ONNX_DOMAINS)
    if foreign:
        raise ConfigError(f'the network cannot be exported to ONNX: it has operations of {", ".join(foreign)}')
    _strip(model)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros(2, np.int64), MAP_SIZE))
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))


def _trace(
    network: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], free: Collection[str], file: Path
) -> None:
    torch.onnx.register_custom_op_symbolic('aten::mT', _transposed, OPSET)
    axes: dict[str, dict[int, str]] = {'image': {}, **{name: {2: 'map_height', 3: 'map_width'} for name in outputs}}
    if 'size' in free:
        axes['image'] |= {2: 'height', 3: 'width'}
    if 'batch' in free:
        for named in axes.values():
            named[0] = 'images'
    torch.onnx.export(
        network,
        tuple(inputs.values()),
        str(file),
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )


@contextmanager
def _silent() -> Iterator[None]:
    """Suppress the output of exporters, also from C++: thousands of lines of the graph when the tracer fails."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(number) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            os.dup2(nowhere, number)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        for number, original in zip((1, 2), kept, strict=True):
            os.dup2(original, number)
            os.close(original)
        os.close(nowhere)


def _strip(model: Any) -> None:
    """Remove source lines and paths of this machine."""
    for entries in (model.metadata_props, model.graph.metadata_props):
        del entries[:]
    graph = model.graph
    for item in (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        item.doc_string = ''
        del item.metadata_props[:]


def _transposed(g: Any, x: Any) -> Any:
    """Translate a transposition of the last two axes, which torch's tracer lacks."""
    axes = list(range(x.type().dim()))
    return g.op('Transpose', x, perm_i=[*axes[:-2], axes[-1], axes[-2]])
