"""The losses of a multi-task model: tasks, intermediate predictions, consistency losses, and their total."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.build_parts import build_consistency_losses
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.data_preprocessor import ViewPreprocessor
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput
from mmmtl.models.log_names import check_log_names
from mmmtl.models.loss_reduction import REDUCTIONS
from mmmtl.models.loss_weighting import FixedWeighting
from mmmtl.models.necks.neck import Neck
from mmmtl.models.sample_maps import stack_targets
from mmmtl.models.task_losses import intermediate_losses, task_losses
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task, build_tasks


class LossModel(BaseModel):
    """Base class of `MultiTaskModel`: computes the losses from the logits.

    Args:
        tasks: ``{name: config}``.
        reduction: ``'batch'``, ``'labelled'`` or ``'pixels'``, see `reduce_losses`.
        data_preprocessor: The preprocessor, a `ViewPreprocessor`.

    Raises:
        ConfigError: ``reduction`` is unknown, or the preprocessor is of a different type.
    """

    data_preprocessor: ViewPreprocessor
    backbone: Backbone
    neck: Neck
    decode_head: DecodeHead

    def __init__(
        self,
        tasks: Mapping[str, dict | Task],
        reduction: str,
        data_preprocessor: nn.Module,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        if not isinstance(data_preprocessor, ViewPreprocessor):  # evaluation, export and RGB losses need its methods
            found = type(data_preprocessor).__name__
            raise ConfigError(f'model.data_preprocessor must be a ViewPreprocessor or a subclass of it, found {found}')
        if reduction not in REDUCTIONS:
            raise ConfigError(f'model.reduction must be one of {", ".join(REDUCTIONS)}, found {reduction!r}')
        self.tasks = build_tasks(tasks)
        self.reduction = reduction
        self.counts: dict[str, Tensor] = {}  # counts of the last losses, see `loss`

    def build_losses(self, loss_weighting: dict | None, consistency_losses: Mapping[str, dict]) -> None:
        """Build weighting and consistency losses, after backbone, neck and decode head.

        Raises:
            ConfigError: An option is invalid, or a consistency loss needs something that the other parts do not
                provide.
        """
        self.loss_weighting = MODELS.build(
            {'type': FixedWeighting, **(loss_weighting or {}), 'tasks': list(self.tasks)}
        )
        check_log_names(self.tasks, consistency_losses, self.decode_head.intermediate_stages)
        self.consistency_losses = build_consistency_losses(
            consistency_losses, self.tasks, self.backbone, self.neck.aux_names | self.decode_head.aux_names
        )
        self.reads_rgb = any('rgb' in loss.reads for _, loss in self._named_consistency_losses())

    def loss(
        self,
        output: HeadOutput,
        features: tuple[Tensor, ...],
        data_samples: Sequence[MultiTaskDataSample],
        aux: Mapping[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Compute all losses.

        The loss of an intermediate prediction, times the weight of its stage, is added to the loss of its task before
        the tasks are weighted.

        Args:
            output: Logits (N, channels, H, W), final and intermediate ones.
            features: The backbone's features, fine to coarse.
            data_samples: N samples.
            aux: Auxiliary maps of neck and decode head, by name.

        Returns:
            Task losses, those of intermediate predictions as ``<stage>/<task>``, and consistency losses by name;
            ``weight/<task>`` for an adaptive weighting; ``weight/<name>`` and ``gradient_share/<name>`` for a
            consistency loss with a `GradientShare`; and ``'loss'``, the total, the only one with a graph.
            ``self.counts`` holds a count for each: 0 if no image has the label or the consistency loss has nothing to
            compare, so that its 0 is not a measured value, and above 0 otherwise. The count of the total is 0 if all
            are.
        """
        height, width = next(iter(output.logits.values())).shape[2:]
        targets = self.targets(data_samples, (height, width))
        losses, present = self.task_losses(output.logits, targets, data_samples)
        # detached: keeping the log would keep the graph, and with it all activations
        log = {name: loss.detach() for name, loss in zip(self.tasks, losses, strict=True)}
        self.counts = counts = dict(zip(self.tasks, present.to(losses[0].dtype).unbind(), strict=True))
        stages = self.decode_head.intermediate_stages
        for stage, values in intermediate_losses(
            stages, output.intermediate, targets, data_samples, self.reduction
        ).items():
            weight = stages[stage].weight
            losses = [
                loss + weight * values[name] if name in values else loss
                for name, loss in zip(self.tasks, losses, strict=True)
            ]
            log |= {f'{stage}/{name}': value.detach() for name, value in values.items()}
            counts |= {f'{stage}/{name}': counts[name] for name in values}
        parameters = dict(self.named_parameters()) if self.loss_weighting.takes_gradients else {}
        total, weights = self.loss_weighting(losses, present, parameters)
        # its gradient on the features, unlike that of the total, is correct for every weighting
        task_loss = (torch.stack(losses) * weights).sum()
        for name, consistency in self._named_consistency_losses():
            maps = {key: (aux or {})[key] for key in consistency.reads}
            error = consistency(output.logits, targets, features, data_samples, **maps)
            factor = consistency.factor(error, task_loss, features)
            total = total + factor * error
            log[name] = error.detach()
            counts[name] = torch.ones_like(log[name]) if consistency.num_compared is None else consistency.num_compared
            if (share := consistency.gradient_share) is not None and share.measured is not None:
                assert isinstance(factor, Tensor)
                log |= {f'weight/{name}': factor, f'gradient_share/{name}': consistency.ramp * share.measured[0]}
                counts |= {f'weight/{name}': counts[name], f'gradient_share/{name}': share.measured[1]}
        counts['loss'] = torch.stack(tuple(counts.values())).amax()
        if self.loss_weighting.is_adaptive:
            log |= {f'weight/{name}': weight for name, weight in zip(self.tasks, weights.unbind(), strict=True)}
            counts |= {f'weight/{name}': counts[name] for name in self.tasks}
        return log | {'loss': total}

    def task_losses(
        self, logits: Mapping[str, Tensor], targets: Mapping[str, Tensor], data_samples: Sequence[MultiTaskDataSample]
    ) -> tuple[list[Tensor], Tensor]:
        """Compute T scalar losses of final predictions, and which tasks have a label, bool (T,); see `task_losses`."""
        return task_losses(self.tasks, logits, targets, data_samples, self.reduction)

    def targets(self, data_samples: Sequence[MultiTaskDataSample], size: tuple[int, int]) -> dict[str, Tensor]:
        """Stack the labels of N samples as ``{task: (N, target_channels, H, W)}``, see `stack_targets`."""
        return stack_targets(self.tasks, data_samples, size, self.data_preprocessor.device)

    def parse_losses(self, losses: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the total and the entries of the log: all losses, and their counts as ``count/<name>``."""
        log = {name: value.detach() for name, value in losses.items()}
        return losses['loss'], log | {f'count/{name}': count for name, count in self.counts.items()}

    def _named_consistency_losses(self) -> Iterator[tuple[str, ConsistencyLoss]]:
        for name, consistency in self.consistency_losses.items():
            yield name, cast(ConsistencyLoss, consistency)
