"""Count the parameters, floating-point operations and activations of a network, part by part."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from mmmtl.models import MultiTaskModel, Neck


@dataclass
class PartCost:
    """The cost of one part of a network for one image.

    Args:
        name: Dotted name of the module, e.g. ``'decode_head.heads.depth'``.
        parameters: Number of parameters; frozen ones count.
        flops: Floating-point operations of convolutions, matrix products and attention; a multiply-add counts as two.
        activations: Number of values that its leaf modules return.
    """

    name: str
    parameters: int = 0
    flops: int = 0
    activations: int = 0


def model_cost(model: MultiTaskModel, size: tuple[int, int]) -> list[PartCost]:
    """Return the cost of the whole network and of its parts for one image.

    The parts are the children of the model, and the children of decode heads and necks, such as the head of a task.
    Losses are excluded. Nothing is computed: the forward pass propagates shapes only.

    Args:
        model: The network; its mode is left as it is.
        size: Size (H, W) of the image.
    """
    names = part_names(model)
    activations: dict[str, int] = defaultdict(int)
    handles = [
        module.register_forward_hook(
            lambda module, inputs, output, name=name: count_activations(activations, name, output)
        )
        for name, module in model.named_modules()
        if not list(module.children())
    ]
    device = next(model.parameters()).device
    training = model.training
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    counter = FlopCounterMode(display=False)
    try:
        model.requires_grad_(False)  # the counter cannot follow a parameter that is the input of a module
        with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True), counter:
            model.eval()(torch.zeros(1, 3, *size, device=device))
    finally:
        model.train(training)
        for parameter in trained:
            parameter.requires_grad_()
        for handle in handles:
            handle.remove()
    root = type(model).__name__
    counted = {name: sum(counts.values()) for name, counts in counter.get_flop_counts().items()}
    modules = dict(model.named_modules())

    def flops(name: str) -> int:
        """Return the operations of a module; of a container that is not called, the sum over its children."""
        key = f'{root}.{name}' if name else 'Global'
        children = (f'{name}.{child}' for child, _ in modules[name].named_children())
        return counted[key] if key in counted else sum(map(flops, children))

    return [
        PartCost(
            name or 'all',
            sum(parameter.numel() for parameter in modules[name].parameters()),
            flops(name),
            sum(value for layer, value in activations.items() if is_within(layer, name)),
        )
        for name in names
    ]


def part_names(model: nn.Module) -> list[str]:
    """Return the names of the parts: ``''`` for the model, its children, and the children of heads and necks."""
    names = ['']
    for name in ('backbone', 'neck', 'decode_head'):
        part = getattr(model, name)
        if type(part) is Neck:  # passes the features on
            continue
        names.append(name)
        for child, module in part.named_children() if name != 'backbone' else ():
            inner = module.named_children() if isinstance(module, nn.ModuleDict) else ()
            names += [f'{name}.{child}', *(f'{name}.{child}.{key}' for key, _ in inner)]
    return names


def is_within(layer: str, part: str) -> bool:
    """Return whether a module is the part or lies in it."""
    return not part or layer == part or layer.startswith(f'{part}.')


def count_activations(
    activations: dict[str, int], name: str, output: Tensor | Sequence[Tensor] | dict[str, Tensor]
) -> None:
    """Add the number of values of an output to ``activations[name]``."""
    if isinstance(output, Tensor):
        activations[name] += output.numel()
    elif isinstance(output, Sequence | dict):
        for value in output.values() if isinstance(output, dict) else output:
            count_activations(activations, name, value)
