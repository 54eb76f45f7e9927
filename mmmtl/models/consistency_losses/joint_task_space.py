"""The joint space of two tasks: a network, conditioned on the task pair, that maps predictions and labels into it."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.consistency_loss import connected_zero
from mmmtl.models.consistency_losses.film_layers import (
    FiLMConvBlock,
    FiLMResidualBlock,
    FiLMSequential,
    UnconditionedMaxPool,
)
from mmmtl.models.consistency_losses.task_encodings import task_encodings
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class JointTaskSpace(BaseModule):
    """MTPSL's mapping m (Li, Liu, Bilen, CVPR 2022, section 3.2).

    A convolution per task, then SegNet's encoder, shared by all tasks, whose blocks conv3x3 - norm - FiLM - ReLU are
    conditioned on the ordered pair of tasks.

    Each map is normalized by its own mean and variance (instance norm). The published code does the same: its batch
    norm sees one map at a time. Here the maps of a batch go through together, and the result for one depends neither
    on the others nor on how they are spread over processes. There are no running statistics, as nothing is mapped in
    inference.

    Args:
        tasks: The model's tasks, by name; their order numbers the pairs.
        widths: Channels of the stages. The first two have two blocks, the others three; a 2x2 max-pool ends each.
        conditioned: False for one mapping for all pairs, without FiLM ("w/o cond").

    Raises:
        ConfigError: There are fewer than two tasks, a task has no encoding, or ``widths`` is empty.
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
        self.encodings = task_encodings(tasks, type(self).__name__)
        if not widths:
            raise ConfigError(f'{type(self).__name__}.widths is empty: give the channels of at least one stage')
        self.tasks = tuple(tasks)
        self.pairs = len(tasks) * (len(tasks) - 1)
        self.out_channels = widths[-1]
        self.stride = 2 ** len(widths)
        pairs = self.pairs if conditioned else 0
        self.inputs = nn.ModuleDict(
            {name: self.input_layer(encoding.channels, widths[0]) for name, encoding in self.encodings.items()}
        )
        self.stages = nn.ModuleList(
            self.stage(index, before, width, pairs)
            for index, (before, width) in enumerate(zip((widths[0], *widths[:-1]), widths, strict=True))
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def input_layer(self, in_channels: int, channels: int) -> nn.Module:
        """Build the layer of one task: (M, in_channels, H, W) -> (M, channels, H, W)."""
        return FiLMConvBlock(in_channels, channels)

    def stage(self, index: int, in_channels: int, channels: int, pairs: int) -> nn.Module:
        """Build a stage: (M, in_channels, h, w), pairs (M,) -> (M, channels, ceil(h / 2), ceil(w / 2))."""
        depth = 2 if index < 2 else 3
        blocks = [FiLMConvBlock(in_channels if i == 0 else channels, channels, pairs) for i in range(depth)]
        return FiLMSequential(*blocks, UnconditionedMaxPool(2))

    def pair_index(self, from_task: str, to_task: str) -> int:
        """Return the index of an ordered pair, 0 to K (K - 1) - 1.

        Indices run over the K x K matrix (row ``from_task``, column ``to_task``) without its diagonal.
        """
        row, column = self.tasks.index(from_task), self.tasks.index(to_task)
        return row * (len(self.tasks) - 1) + column - (column > row)

    def forward(
        self, maps: Mapping[str, Tensor], pairs: Mapping[str, Tensor], rows: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Map the encoded maps of several tasks in one pass of the shared network.

        Args:
            maps: ``{task: (M_t, channels, H, W)}``, from the tasks' encodings.
            pairs: ``{task: int64 (R_t,)}``, the index of the pair into whose space each row is mapped.
            rows: ``{task: int64 (R_t,)}``, index of each row's map among the M_t; each map once by default. A map
                that is mapped into several spaces passes its input layer once.

        Returns:
            ``{task: (R_t, out_channels, H / stride, W / stride)}``, rounded up.
        """
        entered = {name: self.inputs[name](values, None) for name, values in maps.items()}
        if rows is not None:
            entered = {name: values.index_select(0, rows[name]) for name, values in entered.items()}
        x, pair = torch.cat(list(entered.values())), torch.cat([pairs[name] for name in entered])
        for stage in self.stages:
            x = stage(x, pair)
        unused = [p for name, layer in self.inputs.items() if name not in maps for p in layer.parameters()]
        x = x + connected_zero(unused)  # DDP requires a gradient for every parameter
        return dict(zip(entered, x.split([len(values) for values in entered.values()]), strict=True))


@MODELS.register_module()
class ResidualJointTaskSpace(JointTaskSpace):
    """MTPSL's mapping on PASCAL: a `JointTaskSpace` with the residual blocks of ResNet-18.

    The layer of each task is ResNet's stem, a 7x7 convolution and a max-pool, of stride 4. Every stage has two blocks;
    four stages give stride 32.
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
        """Build the layer of one task: (M, in_channels, H, W) -> (M, channels, H / 4, W / 4), rounded up."""
        return FiLMSequential(FiLMConvBlock(in_channels, channels, kernel_size=7, stride=2), UnconditionedMaxPool(3))

    def stage(self, index: int, in_channels: int, channels: int, pairs: int) -> nn.Module:
        """Build a stage: (M, in_channels, h, w), pairs (M,) -> (M, channels, *, *), halved but in the first stage."""
        return FiLMSequential(
            FiLMResidualBlock(in_channels, channels, pairs, stride=1 if index == 0 else 2),
            FiLMResidualBlock(channels, channels, pairs, stride=1),
        )
