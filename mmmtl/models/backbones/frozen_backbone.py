"""A frozen backbone with a few trained parameters per task: low-rank updates (LoRA) or adapters."""

import re
from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Any, cast

import torch
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.adapter import Adapter
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.backbones.inner_backbone import build_inner
from mmmtl.models.backbones.low_rank_update import LowRankUpdate, adaptable_layers
from mmmtl.registry import MODELS

METHODS = ('lora', 'adapter')


@MODELS.register_module()
class FrozenBackbone(Backbone):
    r"""A frozen backbone that is adapted to each task by a few trained parameters.

    ``'lora'`` (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022): linear layers and dense
    convolutions W x become W x + (scale / rank) B_t A_t x for task t, with A_t of ``rank`` output channels. The
    backbone runs once per task. ``'adapter'``: every feature goes through an `Adapter` per task, a residual bottleneck
    of ``rank`` channels. The backbone runs once, without storing activations for gradients. Before training,
    neither changes the features: B_t is 0, as is the last layer of an adapter.

    The backbone stays in evaluation mode: norm statistics are not updated, and neither dropout nor stochastic depth is
    used. Its weights are saved in checkpoints.

    ``forward``: images (N, 3, H, W) -> for each task in order, the features of the backbone, for
    ``PerTaskHead(maps_per_task=<number of features>)``.

    Args:
        tasks: Task names; passed by the model.
        backbone: Config of the backbone, usually with pretrained weights.
        method: ``'lora'`` or ``'adapter'``.
        rank: Channels of the bottleneck, >= 1.
        scale: Numerator of the factor of LoRA's update, scale / rank; by default ``rank``, for a factor of 1.
        layers: Regular expression for the names of the layers that LoRA adapts, such as ``r'\.attn\.'`` for the
            attention of timm's ViTs; all linear layers and dense convolutions by default.

    Raises:
        ConfigError: An option is out of range, the backbone already returns features per task, or there is no layer for
            LoRA.
    """

    needs_tasks = True

    def __init__(
        self,
        tasks: Collection[str],
        backbone: dict,
        *,
        method: str = 'lora',
        rank: int = 8,
        scale: float | None = None,
        layers: str | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if method not in METHODS:
            raise ConfigError(f'FrozenBackbone.method must be one of {", ".join(METHODS)}, found {method!r}')
        if rank < 1:
            raise ConfigError(f'FrozenBackbone.rank must be at least 1, found {rank}')
        self.backbone = build_inner(backbone, type(self).__name__)
        self.backbone.eval().requires_grad_(False)
        self.method = method
        self.tuned = nn.ModuleDict()
        self.current: nn.ModuleDict | None = None  # updates of the task that is computed
        if method == 'lora':
            found = _chosen(self.backbone, layers)
            keys = {name: name.replace('.', '/') for name in found}  # a key of ModuleDict has no dot
            factor = rank if scale is None else scale
            for task in tasks:
                self.tuned[task] = nn.ModuleDict(
                    {keys[name]: LowRankUpdate(layer, rank, factor) for name, layer in found.items()}
                )
            for name, layer in found.items():
                layer.register_forward_hook(_AddUpdate(self, keys[name]))
        else:
            for task in tasks:
                self.tuned[task] = nn.ModuleList(
                    Adapter(channels, rank, identity=True) for channels in self.backbone.out_channels
                )
        self.out_channels = tuple(self.backbone.out_channels) * len(tasks)
        self.strides = tuple(self.backbone.strides) * len(tasks)
        self.size_constraint, self.input_size = self.backbone.size_constraint, self.backbone.input_size

    def train(self, mode: bool = True) -> 'FrozenBackbone':
        """Set the mode of the trained parts; the backbone stays in evaluation mode."""
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the features of every task."""
        if self.method == 'adapter':
            with torch.no_grad():
                features = self.backbone(images)
            return tuple(
                adapter(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
                for adapters in self.tuned.values()
                for adapter, x in zip(cast(nn.ModuleList, adapters), features, strict=True)
            )
        maps: list[Tensor] = []
        for updates in self.tuned.values():
            with _Using(self, cast(nn.ModuleDict, updates)):
                maps.extend(self.backbone(images))
        return tuple(maps)

    def recomputing(self) -> AbstractContextManager[None]:
        """Return a context with the updates of the task that is computed now."""
        return _Using(self, self.current)


class _Using(AbstractContextManager[None]):
    """Context with the updates of a task; it can be entered several times."""

    def __init__(self, owner: FrozenBackbone, updates: nn.ModuleDict | None) -> None:
        self.owner, self.updates = owner, updates

    def __enter__(self) -> None:
        self.before, self.owner.current = self.owner.current, self.updates

    def __exit__(self, *error: Any) -> None:
        self.owner.current = self.before


class _AddUpdate:
    """Forward hook of a layer that adds the update of the task that is computed."""

    def __init__(self, owner: FrozenBackbone, key: str) -> None:
        self.owner, self.key = owner, key

    def __call__(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        updates = self.owner.current
        return output if updates is None else output + updates[self.key](inputs[0])


def _chosen(network: nn.Module, layers: str | None) -> dict[str, nn.Module]:
    """Return the layers that LoRA adapts, by name.

    Raises:
        ConfigError: There is none, or ``layers`` is not a regular expression.
    """
    try:
        pattern = re.compile(layers or '')
    except re.error as error:
        raise ConfigError(f'FrozenBackbone.layers: {layers!r} is not a regular expression: {error}') from None
    found = dict(adaptable_layers(network))
    chosen = {name: layer for name, layer in found.items() if pattern.search(name)}
    if not chosen:
        names = f'the layers are {", ".join([*found][:3])} ...' if found else "there are none; use method='adapter'"
        raise ConfigError(f'FrozenBackbone.layers: no layer for LoRA matches {layers!r}; {names}')
    return chosen
