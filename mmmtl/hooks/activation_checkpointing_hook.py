"""Activation checkpointing: recompute the blocks of the backbone in the backward pass."""

from contextlib import nullcontext
from functools import partial
from typing import Any, cast

import torch
from mmengine.hooks import Hook
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from mmmtl.errors import ConfigError
from mmmtl.model_wrapper import unwrap_model
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class ActivationCheckpointingHook(Hook):
    """Recompute the blocks of the backbone in the backward pass.

    Only the input of a block is kept, so a ViT needs the memory of one block's activations and one feature per block;
    a step takes about a third more time, for the second forward pass. Results do not change, and random numbers
    (dropout, stochastic depth) are the same in both passes. Parameters keep their names, so checkpoints are
    exchangeable with those of other runs. Validation is not affected. Blocks that a `FrozenBackbone` adapts with LoRA
    are recomputed too.

    Args:
        blocks: Name of the lists of modules in the backbone whose members are recomputed, such as the ``blocks`` of
            timm's ViT and Swin.

    Raises:
        ConfigError: The backbone has no such list, or a block contains batch norm, whose running statistics the second
            pass would update again.
    """

    priority = 'VERY_LOW'  # after hooks that copy the model

    def __init__(self, blocks: str = 'blocks') -> None:
        self.blocks = blocks
        self.wrapped: list[nn.Module] = []

    def before_train(self, runner) -> None:
        backbone = unwrap_model(runner.model).backbone
        self.wrapped = blocks_of(backbone, self.blocks)
        for block in self.wrapped:
            cast(Any, block).forward = partial(_recompute, backbone, block.forward)

    def after_train(self, runner) -> None:
        for block in self.wrapped:
            del block.forward  # that of the class remains
        self.wrapped = []


def blocks_of(backbone: Any, name: str) -> list[nn.Module]:
    """Return the members of all lists of modules with this name in a `Backbone`.

    Raises:
        ConfigError: See `ActivationCheckpointingHook`.
    """
    found: dict[str, nn.Module] = backbone.members(name)
    if not found:
        raise ConfigError(
            f'ActivationCheckpointingHook: {type(backbone).__name__} has no list of modules named {name!r}; set '
            'blocks=NAME, or remove the hook'
        )
    for path, block in found.items():
        if any(isinstance(module, _BatchNorm) for module in block.modules()):
            raise ConfigError(
                f'ActivationCheckpointingHook: {path} contains batch norm, whose running statistics would be updated '
                'twice; use a backbone without batch norm, or remove the hook'
            )
    return list(found.values())


def _recompute(backbone: Any, forward: Any, *args: Any, **kwargs: Any) -> Any:
    """Run the forward pass of a block; if gradients are needed, without keeping its activations."""
    if torch.is_grad_enabled():
        contexts = nullcontext(), backbone.recomputing()  # of the forward pass and of its repetition
        return checkpoint(forward, *args, use_reentrant=False, context_fn=lambda: contexts, **kwargs)
    return forward(*args, **kwargs)
