"""Messages from a source task to a target task: linear attention over pixels, or attention over classes (ATRC)."""

from collections.abc import Mapping
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.geometry import at_least_float32
from mmmtl.models.decode_heads.conv_head import conv_block

EPSILON = 1e-12
GLOBAL, TARGET_LABEL, SOURCE_LABEL = 'global', 't-label', 's-label'
RELATIONS = (GLOBAL, TARGET_LABEL, SOURCE_LABEL)
Genotype = Mapping[str, Mapping[str, str]]


class RelationalContext(nn.Module):
    """A message to each pixel of the target: values of the source, weighted by queries and keys.

    Queries come from features of the target, keys and values from those of the source. ``'global'`` attends to all
    pixels, with softplus instead of the exponential, so that the cost is linear in the number of pixels. ``'t-label'``
    and ``'s-label'`` attend to classes: the feature of a class is the mean of the source's features, weighted by a
    softmax over *space* of the intermediate logits of the target or of the source.

    Args:
        relation: One of `RELATIONS`.
        channels: Channels of the features.
        width: Channels d of queries, keys and values.
    """

    def __init__(self, relation: str, channels: int, width: int) -> None:
        super().__init__()
        self.relation, self.scale = relation, width**-0.5
        act = None if relation == GLOBAL else 'ReLU'
        self.query, self.key = (
            nn.Sequential(conv_block(channels, width, 1, norm='BN'), conv_block(width, width, 1, norm='BN', act=act))
            for _ in range(2)
        )
        self.value = conv_block(channels, width, 1, norm='BN')

    def forward(self, target: Tensor, source: Tensor, logits: Tensor | None) -> Tensor:
        """Compute the message (N, d, h, w).

        Args:
            target: Features (N, channels, h, w) of the target.
            source: Features (N, channels, h, w) of the source.
            logits: Intermediate logits (N, K, h, w) for attention over classes; None for ``'global'``.
        """
        query = contiguous_gradient(self.query(target))
        if self.relation == GLOBAL:
            key, value = contiguous_gradient(self.key(source)), contiguous_gradient(self.value(source))
            return global_message(F.softplus(query), F.softplus(key), value)
        assert logits is not None, f'{self.relation} needs intermediate logits'
        weights = logits.flatten(2).softmax(2)  # (N, K, h w)
        classes = (source.flatten(2) @ weights.transpose(1, 2))[..., None]  # (N, channels, K, 1)
        key, value = contiguous_gradient(self.key(classes)), contiguous_gradient(self.value(classes))
        return class_message(query, key.squeeze(3), value.squeeze(3), self.scale)


def contiguous_gradient(x: Tensor) -> Tensor:
    """Return x, the output of a batch norm, and make its gradient contiguous in the backward pass.

    On CPUs, batch norm computes wrong gradients of a single image from the memory layout that a transposed matrix
    product gives to its gradient (torch 2.14).
    """
    if x.requires_grad:
        x.register_hook(Tensor.contiguous)
    return x


def global_message(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attend to all pixels with non-negative queries and keys; all arguments are (N, d, h, w).

    Computed in float32 at least: in float16, the sums over the pixels would overflow.
    """
    size = query.shape[2:]
    with torch.autocast(query.device.type, enabled=False):
        query, key, value = (at_least_float32(x).flatten(2) for x in (query, key, value))
        weights = (key.sum(2, keepdim=True) * query).sum(1, keepdim=True).clamp(min=EPSILON)  # (N, 1, h w)
        return (value @ key.transpose(1, 2) @ query / weights).unflatten(2, size)


def class_message(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """Attend to K classes: query (N, d, h, w), key and value (N, d, K)."""
    weights = (query.flatten(2).transpose(1, 2) @ key * scale).softmax(-1)  # (N, h w, K)
    return (value @ weights.transpose(1, 2)).unflatten(2, query.shape[2:])


class TargetContext(nn.Module):
    """The messages of all sources to a target task, fused with the features of the target.

    Args:
        relations: ``{source: relation}``; if empty, the features are refined without messages.
        channels: Channels of the features.
        dropout: Probability that a channel of the result is dropped.
    """

    def __init__(self, relations: Mapping[str, str], channels: int, dropout: float) -> None:
        super().__init__()
        width = channels // 2
        self.contexts = nn.ModuleDict(
            {name: RelationalContext(kind, channels, width) for name, kind in relations.items()}
        )
        # a 1x1 convolution of the concatenated messages, in one part for each source
        self.outputs = nn.ModuleDict({name: nn.Conv2d(width, channels, 1, bias=False) for name in relations})
        self.norm = nn.BatchNorm2d(channels) if relations else None
        if self.norm is not None:
            nn.init.zeros_(self.norm.weight)
        self.fuse = conv_block(2 * channels if relations else channels, channels, 1, norm='BN')
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, target: str, features: Mapping[str, Tensor], auxiliary: Mapping[str, Tensor]) -> Tensor:
        """Return the refined features (N, channels, h, w) of the target.

        Args:
            target: Name of the target.
            features: ``{task: (N, channels, h, w)}`` of all tasks.
            auxiliary: ``{task: (N, K, h, w)}``, logits of the tasks whose classes are used.
        """
        x = features[target]
        messages = []
        for source, module in self.contexts.items():
            context = cast(RelationalContext, module)
            logits = auxiliary.get(task_of_classes(context.relation, target, source))
            messages.append(self.outputs[source](context(x, features[source], logits)))
        if self.norm is not None:
            total = messages[0]
            for message in messages[1:]:
                total = total + message
            x = torch.cat([x, self.norm(total)], 1)
        return self.dropout(self.fuse(x))


def task_of_classes(relation: str, target: str, source: str) -> str:
    """Return the task whose classes a relation attends to, '' for ``'global'``."""
    return {TARGET_LABEL: target, SOURCE_LABEL: source}.get(relation, '')


def check_genotype(genotype: Genotype, tasks: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Check a genotype ``{target: {source: relation}}``, and drop the entries ``'none'``.

    Raises:
        ConfigError: A task or a relation is unknown.
    """
    checked: dict[str, dict[str, str]] = {name: {} for name in tasks}
    for target, relations in genotype.items():
        for source, relation in relations.items():
            where = f'ATRCHead.genotype: {target} from {source}'
            for name in (target, source):
                if name not in tasks:
                    raise ConfigError(f'{where}: there is no task {name!r}; the tasks are {", ".join(tasks)}')
            if relation == 'local':
                raise ConfigError(
                    f"{where}: 'local' attention is not available, as it needs a custom CUDA kernel; the published "
                    f'genotypes do not use it; choose one of {", ".join(RELATIONS)} or none'
                )
            if relation != 'none' and relation not in RELATIONS:
                raise ConfigError(f'{where}: expected one of {", ".join(RELATIONS)} or none, found {relation!r}')
            if relation != 'none':
                checked[target][source] = relation
    return checked
