"""PAD-Net: intermediate predictions of all tasks, attention-guided messages between them, final predictions."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.batch_context import BatchContext
from mmmtl.models.decode_heads.conv_head import classifier
from mmmtl.models.decode_heads.decode_head import HeadOutput, IntermediateStage
from mmmtl.models.decode_heads.distilling_head import DistillingHead
from mmmtl.models.decode_heads.hrnet_head import HRNetHead
from mmmtl.models.decode_heads.residual_blocks import bottlenecks
from mmmtl.models.decode_heads.task_distillation import TaskDistillation
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class PADNetHead(DistillingHead):
    """PAD-Net (Xu et al., CVPR 2018), in the form of the survey of Vandenhende et al. (TPAMI 2021).

    All features are resized to the finest, concatenated and fused by a 1x1 convolution. Each task has two bottleneck
    blocks and an intermediate prediction; `TaskDistillation` exchanges messages between the features of these
    blocks; two more blocks and a classifier compute the final prediction. The intermediate predictions are trained too,
    as the stage ``intermediate``.

    As in the survey but unlike the paper, there are no deconvolutions, and only the attention-guided variant (C) of the
    distillation is available. Where we differ: classifiers have small initial weights, see
    `classifier`.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, h_0, w_0)}.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        channels: Channels of the features of each task; a multiple of 4.
        auxiliary: See `DistillingHead`.
        messages: See `DistillingHead`.
        intermediate_weight: See `DistillingHead`.

    Raises:
        ConfigError: ``channels`` is not a multiple of 4, or as for `DistillingHead`.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        channels: int = 256,
        auxiliary: Sequence[str] = (),
        messages: bool = True,
        intermediate_weight: float = 1.0,
    ) -> None:
        super().__init__(tasks, in_channels, strides, auxiliary, messages, intermediate_weight)
        if channels < 4 or channels % 4:
            raise ConfigError(f'PADNetHead.channels must be a multiple of 4, found {channels}')
        width = sum(in_channels)
        self.fuse = nn.Sequential(nn.Conv2d(width, width, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.initial = nn.ModuleDict({name: bottlenecks(width, channels) for name in tasks})
        self.initial_logits = nn.ModuleDict({name: classifier(channels, task.channels) for name, task in tasks.items()})
        self.distillation = TaskDistillation(self.final_tasks, tasks if messages else (), channels)
        self.final = nn.ModuleDict(
            {
                name: nn.Sequential(*bottlenecks(channels, channels), classifier(channels, task.channels))
                for name, task in self.final_tasks.items()
            }
        )

    @property
    def intermediate_stages(self) -> dict[str, IntermediateStage]:
        """The intermediate predictions of the tasks that have final ones as well."""
        return {'intermediate': IntermediateStage(self.final_tasks, self.intermediate_weight)}

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        """Return logits (N, task.channels, h_0, w_0) of every task and, in training, the initial ones."""
        return self.decode(self.fuse(HRNetHead.join(features)))

    def decode(self, fused: Tensor) -> HeadOutput:
        """Return the logits for the fused features (N, sum of the channels, h_0, w_0)."""
        own = {name: blocks(fused) for name, blocks in self.initial.items()}
        distilled = self.distillation(own)
        logits = {
            name: self.final[name](distilled[name]) if name in self.final else self.initial_logits[name](own[name])
            for name in self.tasks
        }
        initial = {name: self.initial_logits[name](own[name]) for name in self.final_tasks} if self.training else None
        return HeadOutput(logits, {} if initial is None else {'intermediate': initial})
