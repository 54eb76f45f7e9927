"""ATRC: every task is refined by messages from other tasks; a genotype lists their kinds."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.batch_context import BatchContext
from mmmtl.models.decode_heads.atrc_context import GLOBAL, Genotype, TargetContext, check_genotype, task_of_classes
from mmmtl.models.decode_heads.conv_head import classifier, conv_block
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput, IntermediateStage
from mmmtl.models.decode_heads.hrnet_head import HRNetHead
from mmmtl.registry import MODELS
from mmmtl.tasks import Task, require_capability

STAGE = 'intermediate'


@MODELS.register_module()
class ATRCHead(DecodeHead):
    """ATRC (Brüggemann et al., "Exploring relational context for multi-task dense prediction", ICCV 2021).

    All maps are resized to the finest and concatenated (channels C). Per task, a 3x3 block to D channels computes
    features; for every source in its genotype, `RelationalContext` computes a message; a 1x1 convolution and a norm,
    whose weight is initialized to 0, combine the messages, which are fused with the features. If a relation uses the
    classes of a task (`Task.as_classes`), they are also predicted from the detached maps, with a loss of their own.

    Where we differ: ``'local'`` attention, which no published genotype of HRNet-w18 uses, is not implemented; the
    classes of normals are spread evenly instead of clustered; the last layers have small initial weights, see
    `classifier`.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, h_0, w_0)}, and
    the stage ``intermediate`` of the same size.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        genotype: ``{target: {source: relation}}``, with the relations ``'global'``, ``'t-label'``, ``'s-label'`` and
            ``'none'``, which is the same as leaving the source out. `atrc_genotypes` has the published ones. With
            ``{}``, there are no messages. By default, all relations are ``'global'``.
        channels: D; C // 4 by default.
        intermediate_weight: Weight of the losses of the intermediate predictions, > 0.
        dropout: Probability that a channel is dropped before the last layer.

    Raises:
        ConfigError: The genotype has an unknown task or relation, a relation needs the classes of a task that has none,
            or ``intermediate_weight`` is not above 0.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        genotype: Genotype | None = None,
        channels: int | None = None,
        intermediate_weight: float = 1.0,
        dropout: float = 0.05,
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        if not intermediate_weight > 0:
            raise ConfigError(f'ATRCHead.intermediate_weight must be > 0, found {intermediate_weight}')
        if genotype is None:
            genotype = {target: dict.fromkeys(tasks, GLOBAL) for target in tasks}
        checked = check_genotype(genotype, tasks)
        total = sum(in_channels)
        channels = channels or total // 4
        used = {task_of_classes(kind, *pair) for pair, kind in _pairs(checked)}
        labelled = {name: task for name, task in tasks.items() if name in used}
        require_capability(labelled, 'as_classes', 'ATRCHead')
        self.class_tasks = {name: one for name, task in labelled.items() if (one := task.as_classes) is not None}
        self.intermediate_weight = intermediate_weight
        self.features = nn.ModuleDict({name: conv_block(total, channels, 3, norm='BN') for name in tasks})
        self.auxiliary = nn.ModuleDict(
            {
                name: nn.Sequential(conv_block(total, total, 1, norm='BN'), classifier(total, task.channels))
                for name, task in self.class_tasks.items()
            }
        )
        self.targets = nn.ModuleDict({name: TargetContext(checked[name], channels, dropout) for name in tasks})
        self.classifiers = nn.ModuleDict({name: classifier(channels, task.channels) for name, task in tasks.items()})

    @property
    def intermediate_stages(self) -> dict[str, IntermediateStage]:
        """The intermediate predictions of the tasks whose classes are used."""
        return {STAGE: IntermediateStage(self.class_tasks, self.intermediate_weight)} if self.class_tasks else {}

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        """Return final and intermediate logits."""
        x = HRNetHead.join(features)
        found = {name: layers(x.detach()) for name, layers in self.auxiliary.items()}
        own = {name: block(x) for name, block in self.features.items()}
        logits = {name: self.classifiers[name](target(name, own, found)) for name, target in self.targets.items()}
        return HeadOutput(logits, {STAGE: found} if found else {})


def _pairs(genotype: Genotype) -> list[tuple[tuple[str, str], str]]:
    return [((target, source), kind) for target, kinds in genotype.items() for source, kind in kinds.items()]
