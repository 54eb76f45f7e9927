"""The multi-task model: images -> features -> logits per task -> losses or predictions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.geometry import at_least_float32
from mmmtl.models.build_parts import build_after, build_backbone, build_consistency_losses
from mmmtl.models.colours import check_colours
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.data_preprocessor import ViewPreprocessor
from mmmtl.models.equal_sizes import predict_by_size
from mmmtl.models.log_names import check_log_names
from mmmtl.models.loss_reduction import REDUCTIONS, reduce_losses
from mmmtl.models.loss_weighting import FixedWeighting
from mmmtl.models.pretrained import loading_pretrained
from mmmtl.models.sample_maps import stack_targets, write_aux_maps, write_predictions
from mmmtl.models.scene_cameras import check_view_sizes, scene_cameras
from mmmtl.models.supervision_role import indices_for, select_images
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task, build_tasks


@MODELS.register_module()
class MultiTaskModel(BaseModel):
    """One network for several dense tasks.

    Channels and strides are passed on in code, not in configs: backbone and neck have ``out_channels`` and ``strides``,
    tuples with an entry per feature, fine to coarse; every task has ``channels``.

    Args:
        tasks: ``{name: config}``.
        backbone: Config of a module that maps images to a tuple of features, fine to coarse. A class with
            ``needs_tasks = True`` also gets the task names, ``tasks``.
        decode_head: Config of a module that maps features to ``{task: logits}``; it gets ``tasks``, ``in_channels`` and
            ``strides``.
        neck: Config of a module that maps features to features; it gets ``in_channels`` and ``strides``. A class with
            ``needs_views = True`` is called in two steps: ``match`` takes features, images and cameras, ``join`` the
            features and the output of ``match``.
        loss_weighting: Config of a `LossWeighting`, T losses -> total; all weights are 1 by default.
        consistency_losses: ``{name: config}`` of `ConsistencyLoss` terms, added to the total.
        reduction: How pixels, images and processes are reduced to one loss per task: ``'batch'``, ``'labelled'`` or
            ``'pixels'``, see `reduce_losses`.
        data_preprocessor: Config of the preprocessor; a `ViewPreprocessor` with ImageNet's mean and standard
            deviation by default.

    Raises:
        ConfigError: ``reduction`` is unknown, a task or consistency loss has the name of another entry of the log, a
            consistency loss needs a cost volume and the neck has none, or the weights of the backbone were trained with
            images normalised differently.
    """

    def __init__(
        self,
        tasks: Mapping[str, dict | Task],
        backbone: dict,
        decode_head: dict,
        *,
        neck: dict | None = None,
        loss_weighting: dict | None = None,
        consistency_losses: Mapping[str, dict] | None = None,
        reduction: str = 'labelled',
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(MODELS.build(data_preprocessor or {'type': ViewPreprocessor}), init_cfg)
        if reduction not in REDUCTIONS:
            raise ConfigError(f'model.reduction must be one of {", ".join(REDUCTIONS)}, found {reduction!r}')
        self.tasks = build_tasks(tasks)
        self.return_aux = False  # whether `predict` adds the neck's maps; `VisualizationHook` switches it
        self.reduction = reduction
        self.counts: dict[str, Tensor] = {}  # counts of the last losses, see `loss`
        self.backbone = build_backbone(backbone, self.tasks)
        check_colours(self.backbone, self.data_preprocessor)
        self.neck: Any = None if neck is None else build_after(neck, self.backbone)
        features = self.backbone if self.neck is None else self.neck
        self.decode_head = build_after(decode_head, features, tasks=self.tasks)
        self.loss_weighting = MODELS.build(
            {'type': FixedWeighting, **(loss_weighting or {}), 'tasks': list(self.tasks)}
        )
        check_log_names(self.tasks, consistency_losses or {})
        self.consistency_losses = build_consistency_losses(
            consistency_losses or {}, self.tasks, self.backbone, self.neck
        )

    def init_weights(self) -> None:
        """Initialise every part.

        Raises:
            CheckpointError: A file of pretrained weights is unreadable or does not fit, see `loading_pretrained`.
        """
        with loading_pretrained(self):
            super().init_weights()

    def val_step(self, data: dict[str, Sequence]) -> list[MultiTaskDataSample]:
        """Predict for raw images of any size; a prediction does not depend on the other images of the batch.

        Args:
            data: ``inputs``, N images (3, H_i, W_i) uint8, and ``data_samples``, N samples, from `collate_views`.

        Returns:
            N samples with ``pred``, in the order of the images.

        Raises:
            DataError: The network looks across views, and those of a scene differ in size.
        """
        if self.looks_across_views:
            check_view_sizes(data['data_samples'])
        return predict_by_size(super().val_step, data, self.data_preprocessor.padded_size)

    test_step = val_step

    def forward(
        self, inputs: Tensor, data_samples: Sequence[MultiTaskDataSample] | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | list[MultiTaskDataSample]:
        """Run the network on a preprocessed batch.

        Smaller images are padded to (H, W), and the padding is visible to the network; `val_step` and `test_step` do
        not mix sizes.

        Args:
            inputs: (N, 3, H, W).
            data_samples: N samples; required but for ``'tensor'``.
            mode: ``'tensor'``, ``'loss'`` or ``'predict'``.

        Returns:
            Logits ``{task: (N, channels, H, W)}``, losses by name (see `loss`), or N samples with ``pred``.
        """
        features, size = self.backbone(inputs), (inputs.shape[2], inputs.shape[3])
        matched = self.match(features, inputs, data_samples)
        logits = self.decode(features, matched, size)
        if mode not in ('loss', 'predict'):
            return logits
        assert data_samples is not None, f'mode {mode!r} needs data_samples'
        if mode == 'loss':
            return self.loss(logits, features, data_samples, matched)
        self.predict(logits, data_samples)
        if self.return_aux and matched and hasattr(self.neck, 'aux_maps'):
            maps = {name: F.interpolate(x.float(), size) for name, x in self.neck.aux_maps(matched).items()}
            write_aux_maps(maps, data_samples)
        return list(data_samples)

    @property
    def looks_across_views(self) -> bool:
        """Whether the neck uses the images and cameras of the other views of a scene."""
        return getattr(self.neck, 'needs_views', False)

    def match(
        self, features: tuple[Tensor, ...], images: Tensor, data_samples: Sequence[MultiTaskDataSample] | None
    ) -> dict[str, Tensor]:
        """Match the views of each scene, if the neck looks across views.

        Args:
            features: The backbone's features, fine to coarse.
            images: (N, 3, H, W).
            data_samples: N samples, which name scenes and cameras; None if every image is a scene.

        Returns:
            The output of the neck's ``match``; empty for other necks.

        Raises:
            DataError: A scene of several views lacks a camera, or its views differ in size.
        """
        if not self.looks_across_views:
            return {}
        return self.neck.match(features, images, **scene_cameras(data_samples))

    def decode(
        self, features: tuple[Tensor, ...], matched: dict[str, Tensor], size: tuple[int, int]
    ) -> dict[str, Tensor]:
        """Decode the backbone's features and the output of `match` into logits.

        Args:
            features: The backbone's features, fine to coarse.
            matched: Output of `match`.
            size: Size (H, W) of the logits.

        Returns:
            ``{task: (N, channels, H, W)}``, float32 or float64.
        """
        if matched:
            features = self.neck.join(features, matched, size)
        elif self.neck is not None:
            features = self.neck(features)
        return {
            name: at_least_float32(logits)
            if logits.shape[2:] == size
            else F.interpolate(at_least_float32(logits), size, mode='bilinear', align_corners=False)
            for name, logits in self.decode_head(features).items()
        }

    def loss(
        self,
        logits: dict[str, Tensor],
        features: tuple[Tensor, ...],
        data_samples: Sequence[MultiTaskDataSample],
        matched: dict[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Compute all losses.

        Args:
            logits: ``{task: (N, channels, H, W)}``.
            features: The backbone's features, fine to coarse.
            data_samples: N samples.
            matched: Output of `match`.

        Returns:
            Task losses and consistency losses by name; ``weight/<task>`` for an adaptive weighting; and ``'loss'``, the
            total, the only one with a graph. ``self.counts`` holds a count for each: 0 if no image has the label or the
            consistency loss has nothing to compare, so that its 0 is no measured value, and above 0 otherwise. The
            count of the total is 0 if all are.
        """
        height, width = next(iter(logits.values())).shape[2:]
        targets = self.targets(data_samples, (height, width))
        losses, present = self.task_losses(logits, targets, data_samples)
        parameters = dict(self.named_parameters()) if self.loss_weighting.takes_gradients else {}
        total, weights = self.loss_weighting(losses, present, parameters)
        # detached: keeping the log would keep the graph, and with it all activations
        log = {name: loss.detach() for name, loss in zip(self.tasks, losses, strict=True)}
        self.counts = counts = dict(zip(self.tasks, present.to(total.dtype).unbind(), strict=True))
        for name, consistency in self._named_consistency_losses():
            options = {'matched': matched} if consistency.needs_matches else {}
            error = consistency(logits, targets, features, data_samples, **options)
            total = total + consistency.weight * consistency.ramp * error
            log[name] = error.detach()
            counts[name] = torch.ones_like(log[name]) if consistency.num_compared is None else consistency.num_compared
        counts['loss'] = torch.stack(tuple(counts.values())).amax()
        if self.loss_weighting.is_adaptive:
            log |= {f'weight/{name}': weight for name, weight in zip(self.tasks, weights.unbind(), strict=True)}
            counts |= {f'weight/{name}': counts[name] for name in self.tasks}
        return log | {'loss': total}

    def task_losses(
        self, logits: dict[str, Tensor], targets: dict[str, Tensor], data_samples: Sequence[MultiTaskDataSample]
    ) -> tuple[list[Tensor], Tensor]:
        """Compute the task losses of the images with the role ``'supervised'``.

        Args:
            logits: ``{task: (N, channels, H, W)}``.
            targets: ``{task: (N, target_channels, H, W)}``.
            data_samples: N samples.

        Returns:
            T scalar losses, and bool (T,), whether any image of any process has a label.
        """
        indices = indices_for('supervised', data_samples)
        logits, targets = select_images(logits, indices), select_images(targets, indices)
        errors = [self.tasks[name].error(logits[name], targets[name]) for name in self.tasks]
        sums, counts = zip(*errors, strict=True)
        return reduce_losses(sums, counts, self.reduction)

    def targets(self, data_samples: Sequence[MultiTaskDataSample], size: tuple[int, int]) -> dict[str, Tensor]:
        """Stack the labels of N samples as ``{task: (N, target_channels, H, W)}``, see `stack_targets`."""
        return stack_targets(self.tasks, data_samples, size, self.data_preprocessor.device)

    def predict(
        self, logits: dict[str, Tensor], data_samples: Sequence[MultiTaskDataSample]
    ) -> list[MultiTaskDataSample]:
        """Write the final maps, at the image's own size, into ``sample.pred`` of N samples, and return these."""
        write_predictions(self.tasks, logits, data_samples)
        return list(data_samples)

    @property
    def visualizers(self) -> dict[str, Any]:
        """``{name: object with visualize and legend}`` for the maps in ``pred`` and ``extra``: tasks and neck."""
        return {**self.tasks, **(self.neck.visualizers(self.tasks) if hasattr(self.neck, 'visualizers') else {})}

    def parse_losses(self, losses: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the total and the entries of the log: all losses, and their counts as ``count/<name>``."""
        log = {name: value.detach() for name, value in losses.items()}
        return losses['loss'], log | {f'count/{name}': count for name, count in self.counts.items()}

    def _named_consistency_losses(self) -> Iterator[tuple[str, ConsistencyLoss]]:
        for name, consistency in self.consistency_losses.items():
            yield name, cast(ConsistencyLoss, consistency)

    def _dump_init_info(self) -> None:
        """Do nothing: MMEngine would log three lines per parameter."""
