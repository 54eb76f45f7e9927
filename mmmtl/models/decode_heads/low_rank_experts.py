"""MLoRE's block: low-rank experts shared by all tasks and weighted per task and image, and layers of each task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.expert_gates import MASKS, ExpertRouter, Mask, top_gates
from mmmtl.models.sample_noise import normal_noise


@dataclass(frozen=True)
class RoutingOptions:
    """Options of the experts of `MLoREHead`, under the key ``experts``.

    Args:
        ranks: Rank of each of the n experts.
        task_rank: Rank of the low-rank convolution of each task.
        top_k: Number of experts with a weight above 0 per task and image.
        mask: Whether the ``'logits'`` or the ``'weights'`` of all other experts are masked, see `top_gates`.
        noise: Whether the head adds Gaussian noise to the logits of the router in training.

    Raises:
        ConfigError: There are fewer than two experts, ``top_k`` is not between 1 and n, a rank is not positive, or
            ``mask`` is unknown.
    """

    ranks: Sequence[int] = tuple(range(16, 241, 16))
    task_rank: int = 16
    top_k: int = 9
    mask: Mask = 'logits'
    noise: bool = True

    def __post_init__(self) -> None:
        if len(self.ranks) < 2:
            raise ConfigError(f'MLoREHead.experts.ranks needs at least two experts, found {[*self.ranks]}')
        if not 1 <= self.top_k <= len(self.ranks):
            raise ConfigError(
                f'MLoREHead.experts.top_k must be between 1 and the {len(self.ranks)} experts, found {self.top_k}'
            )
        if min(*self.ranks, self.task_rank) < 1:
            raise ConfigError(f'MLoREHead.experts: ranks must be >= 1, found {[*self.ranks]} and {self.task_rank}')
        if self.mask not in MASKS:
            raise ConfigError(f'MLoREHead.experts.mask must be one of {", ".join(MASKS)}, found {self.mask!r}')


class LowRankExperts(nn.Module):
    """Sum of n low-rank convolutions E_i, conv3x3 C -> r_i and conv1x1 r_i -> C, with a weight per image.

    The sum over i of p_i E_i(x) is one convolution C -> R = sum of the r_i, a product of its channels with the
    weights of their experts, and one convolution R -> C. So all experts run for all images at once, including
    those with weight 0.

    ``forward``: x (N, C, h, w), weights (N, n) -> (N, C, h, w).

    Args:
        channels: C.
        ranks: r_i.
    """

    ranks: Tensor

    def __init__(self, channels: int, ranks: Sequence[int]) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, sum(ranks), 3, padding=1)
        self.up = nn.Conv2d(sum(ranks), channels, 1, bias=False)
        self.up_bias = nn.Parameter(torch.empty(len(ranks), channels))
        self.register_buffer('ranks', torch.tensor(ranks), persistent=False)
        with torch.no_grad():  # like PyTorch's default for n separate convolutions, whose bounds depend on the ranks
            for weight, bias, rank in zip(self.up.weight.split([*ranks], 1), self.up_bias, ranks, strict=True):
                nn.init.uniform_(weight, -(rank**-0.5), rank**-0.5)
                nn.init.uniform_(bias, -(rank**-0.5), rank**-0.5)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """Return the weighted sum of the experts."""
        weights = weights.to(x.dtype)
        by_channel = weights.repeat_interleave(self.ranks, 1, output_size=self.up.in_channels)  # (N, R)
        mixed = self.up(self.down(x) * by_channel[:, :, None, None])
        return mixed + (weights @ self.up_bias.to(x.dtype))[:, :, None, None]


class ExpertBlock(nn.Module):
    """One block of MLoRE on the features of all tasks.

    With o = conv1x1_t(x) for the features x of task t, and the gates p and the weight w of its router,

        y = BN_t(sum_i p_i E_i(o)) + w LoRA_t(o) + conv3x3(o),   output = conv1x1'_t(GELU(BN'_t(y)))

    Layers with the index t belong to the task, the experts E_i and the 3x3 convolution are shared by all tasks. The 3x3
    convolution passes no gradient to o.

    ``forward``: {task: (N, C, h, w)} and keys of the noise (N,), see `noise_keys`, or None for no noise
    -> {task: (N, C, h, w)}, and the gates (N, T, n) of the tasks, in the order of the features.

    Args:
        tasks: Names of the T tasks.
        channels: C.
        pixels: Number h w of pixels of the features, which is fixed.
        options: Options of the experts.
        stream: Number of the block; each block of a network has its own noise.
    """

    def __init__(
        self, tasks: Sequence[str], channels: int, pixels: int, options: RoutingOptions, stream: int = 0
    ) -> None:
        super().__init__()
        self.options = options
        self.stream = stream
        self.experts = LowRankExperts(channels, options.ranks)
        self.shared = nn.Conv2d(channels, channels, 3, padding=1)
        self.tasks = nn.ModuleDict({name: _TaskLayers(channels, pixels, options) for name in tasks})

    def forward(self, features: Mapping[str, Tensor], keys: Tensor | None = None) -> tuple[dict[str, Tensor], Tensor]:
        """Return the features of all tasks, and the gates."""
        layers = [cast(_TaskLayers, self.tasks[name]) for name in features]
        inputs = [layer.enter(x) for layer, x in zip(layers, features.values(), strict=True)]
        routed = [layer.router(o) for layer, o in zip(layers, inputs, strict=True)]
        logits, scales, weights = (torch.stack(values, 1) for values in zip(*routed, strict=True))  # (N, T, n or 1)
        if keys is not None:
            logits = logits + normal_noise(keys, self.stream, logits.shape[1:]) * scales
        gates = top_gates(logits, self.options.top_k, self.options.mask)
        joined = torch.cat(inputs)  # (T N, C, h, w), task by task
        mixed = self.experts(joined, gates.transpose(0, 1).flatten(0, 1)).chunk(len(layers))
        shared = self.shared(joined.detach()).chunk(len(layers))
        outputs = [
            layer.combine(o, own_weight, experts, common)
            for layer, o, own_weight, experts, common in zip(
                layers, inputs, weights.unbind(1), mixed, shared, strict=True
            )
        ]
        return dict(zip(features, outputs, strict=True)), gates


class _TaskLayers(nn.Module):
    """The layers of an `ExpertBlock` that belong to one task."""

    def __init__(self, channels: int, pixels: int, options: RoutingOptions) -> None:
        super().__init__()
        self.enter = nn.Conv2d(channels, channels, 1)
        self.router = ExpertRouter(channels, pixels, len(options.ranks))
        self.own = nn.Sequential(
            nn.Conv2d(channels, options.task_rank, 3, padding=1), nn.Conv2d(options.task_rank, channels, 1)
        )
        self.experts_norm, self.norm = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.project = nn.Conv2d(channels, channels, 1)

    def combine(self, o: Tensor, own_weight: Tensor, experts: Tensor, shared: Tensor) -> Tensor:
        """Return the output of the block for one task, (N, C, h, w).

        Args:
            o: Input of the task's own convolution, (N, C, h, w).
            own_weight: Weight of this convolution, (N, 1).
            experts: Weighted sum of the experts, (N, C, h, w).
            shared: Output of the shared convolution, (N, C, h, w).
        """
        own = own_weight.to(o.dtype)[:, :, None, None] * self.own(o)
        return self.project(F.gelu(self.norm(self.experts_norm(experts) + own + shared)))
