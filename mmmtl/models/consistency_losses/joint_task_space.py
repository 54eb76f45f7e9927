"""The joint space of two tasks: one network, told the pair, maps predictions and labels of all tasks into it."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.consistency_loss import connected_zero
from mmmtl.registry import MODELS
from mmmtl.tasks import Task, require_capability


@MODELS.register_module()
class JointTaskSpace(BaseModule):
    """MTPSL's mapping m (Li, Liu, Bilen, CVPR 2022, section 3.2): a convolution of each task's own, then SegNet's
    encoder for all of them, every block of it conv3x3 - norm - FiLM - ReLU, conditioned on the ordered pair of tasks.

    Each map is normalised by its own mean and variance (instance norm). That is what the published code does, whose
    batch norm sees one map at a time; here the maps of a batch go through at once, and what comes out of one does not
    depend on the others, nor on how they are spread over processes. The running statistics are left out: nothing is
    mapped in inference.

    Args:
        tasks: All of them, by name; their order numbers the pairs.
        widths: Channels of the stages, of two (the first two) or three blocks, each followed by a 2x2 max-pool.
        conditioned: False for one mapping for all pairs, without FiLM ("w/o cond").
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        *,
        widths: Sequence[int] = (64, 128, 256, 512, 512),
        conditioned: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if len(tasks) < 2:
            raise ConfigError(f'{type(self).__name__} relates tasks, so it needs two or more, found {", ".join(tasks)}')
        require_capability(tasks, 'encoding', type(self).__name__)
        if not widths:
            raise ConfigError(f'{type(self).__name__}.widths is empty: name the channels of one stage at least')
        self.tasks = tuple(tasks)
        self.pairs = len(tasks) * (len(tasks) - 1)
        self.out_channels = widths[-1]
        self.stride = 2 ** len(widths)
        pairs = self.pairs if conditioned else 0
        self.inputs = nn.ModuleDict(
            {name: self.input_layer(task.encoding.channels, widths[0]) for name, task in tasks.items()}
        )
        self.stages = nn.ModuleList(
            self.stage(number, *two, pairs)
            for number, two in enumerate(zip((widths[0], *widths[:-1]), widths, strict=True))
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def input_layer(self, in_channels: int, channels: int) -> nn.Module:
        """(M, in_channels, H, W), pairs or None -> (M, channels, *, *)."""
        return Block(in_channels, channels)

    def stage(self, number: int, in_channels: int, channels: int, pairs: int) -> nn.Module:
        """(M, in_channels, h, w), pairs (M,) -> (M, channels, ceil(h / 2), ceil(w / 2))."""
        depth = 2 if number < 2 else 3
        blocks = [Block(in_channels if i == 0 else channels, channels, pairs) for i in range(depth)]
        return Chain(*blocks, Pool(2))

    def pair_number(self, source: str, target: str) -> int:
        """0 .. K (K - 1) - 1 of an ordered pair: the entries of the K x K matrix (row source) without its diagonal."""
        row, column = self.tasks.index(source), self.tasks.index(target)
        return row * (len(self.tasks) - 1) + column - (column > row)

    def forward(
        self, maps: Mapping[str, Tensor], pairs: Mapping[str, Tensor], rows: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Encoded maps of several tasks -> where they lie, by one run of the shared network.

        Args:
            maps: ``{task: (M_t, channels, H, W)}``, from the tasks' encodings.
            pairs: ``{task: int64 (R_t,)}``, the number of the pair in whose space each row is wanted.
            rows: ``{task: int64 (R_t,)}``, which of the M_t maps each row is; by default each of them once. A map that
                is wanted in several spaces passes its input layer once.

        Returns:
            ``{task: (R_t, out_channels, H / stride, W / stride)}``, rounded up.
        """
        entered = {name: self.inputs[name](values, None) for name, values in maps.items()}
        if rows is not None:
            entered = {name: values.index_select(0, rows[name]) for name, values in entered.items()}
        x, pair = torch.cat(list(entered.values())), torch.cat([pairs[name] for name in entered])
        for stage in self.stages:
            x = stage(x, pair)
        idle = [p for name, layer in self.inputs.items() if name not in maps for p in layer.parameters()]
        x = x + connected_zero(idle)  # DDP demands a gradient for every parameter
        return dict(zip(entered, x.split([len(values) for values in entered.values()]), strict=True))


@MODELS.register_module()
class ResidualJointTaskSpace(JointTaskSpace):
    """The same with the residual blocks of ResNet-18, MTPSL's mapping on PASCAL: in front of them each task has the
    7x7 convolution and the pooling, of stride 4, that images have there. Stages of two blocks, four for stride 32.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        *,
        widths: Sequence[int] = (64, 128, 256, 512),
        conditioned: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, widths=widths, conditioned=conditioned, init_cfg=init_cfg)
        self.stride = 2 ** (len(widths) + 1)

    def input_layer(self, in_channels: int, channels: int) -> nn.Module:
        return Chain(Block(in_channels, channels, kernel_size=7, stride=2), Pool(3))

    def stage(self, number: int, in_channels: int, channels: int, pairs: int) -> nn.Module:
        return Chain(
            ResidualBlock(in_channels, channels, pairs, stride=1 if number == 0 else 2),
            ResidualBlock(channels, channels, pairs, stride=1),
        )


class FiLM(nn.Module):
    """A factor and a shift per pair and channel: Perez et al., AAAI 2018; a linear map of the pair's one-hot."""

    def __init__(self, pairs: int, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(pairs, channels))
        self.beta = nn.Parameter(torch.zeros(pairs, channels))

    def forward(self, pair: Tensor) -> tuple[Tensor, Tensor]:
        """(M,) -> gamma, beta, both (M, channels)."""
        return F.embedding(pair, self.gamma), F.embedding(pair, self.beta)


class MapNorm(nn.Module):
    """Instance norm with scale and shift, then FiLM, in one pass over memory instead of three."""

    def __init__(self, channels: int, pairs: int = 0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.film = FiLM(pairs, channels) if pairs else None

    def forward(self, x: Tensor, pair: Tensor | None) -> Tensor:
        """(M, C, h, w), pairs (M,) -> the same shape."""
        if x.shape[2] * x.shape[3] == 1:
            raise ConfigError(
                'the joint task space is left with maps of one pixel, which have no variance: use fewer '
                'widths or larger images'
            )
        if self.film is None:
            weight, bias = (values.expand(len(x), -1) for values in (self.weight, self.bias))
        else:
            gamma, beta = self.film(pair)
            weight, bias = gamma * self.weight, gamma * self.bias + beta  # (M, C)
        flat = F.batch_norm(x.reshape(1, -1, *x.shape[2:]), None, None, weight.flatten(), bias.flatten(), training=True)
        return flat.view(x.shape)


class Block(nn.Module):
    """conv - norm - FiLM - ReLU."""

    def __init__(
        self, in_channels: int, channels: int, pairs: int = 0, *, kernel_size: int = 3, stride: int = 1
    ) -> None:
        super().__init__()
        # The bias before the norm does nothing, but the published weights have it.
        self.conv = nn.Conv2d(in_channels, channels, kernel_size, stride, kernel_size // 2)
        self.norm = MapNorm(channels, pairs)

    def forward(self, x: Tensor, pair: Tensor | None) -> Tensor:
        return self.norm(self.conv(x), pair).relu_()


class ResidualBlock(nn.Module):
    """ResNet's basic block with FiLM after each norm (He et al., CVPR 2016)."""

    def __init__(self, in_channels: int, channels: int, pairs: int, *, stride: int) -> None:
        super().__init__()
        self.first = Block(in_channels, channels, pairs, stride=stride)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = MapNorm(channels, pairs)
        self.shortcut = None
        if stride > 1 or in_channels != channels:
            self.shortcut = nn.Conv2d(in_channels, channels, 1, stride, bias=False)

    def forward(self, x: Tensor, pair: Tensor) -> Tensor:
        residual = self.norm(self.conv(self.first(x, pair)), pair)
        return (residual + (x if self.shortcut is None else self.shortcut(x))).relu_()


class Pool(nn.MaxPool2d):
    """Max-pool of stride 2, a size that is odd rounded up as in `SegNet`; it does not look at the pair."""

    def __init__(self, kernel_size: int) -> None:
        super().__init__(
            kernel_size, stride=2, padding=kernel_size // 2 if kernel_size % 2 else 0, ceil_mode=kernel_size % 2 == 0
        )

    def forward(self, x: Tensor, pair: Tensor | None) -> Tensor:
        return super().forward(x)


class Chain(nn.ModuleList):
    """Parts one after the other, each told the pair."""

    def __init__(self, *parts: nn.Module) -> None:
        super().__init__(parts)

    def forward(self, x: Tensor, pair: Tensor | None) -> Tensor:
        for part in self:
            x = part(x, pair)
        return x
