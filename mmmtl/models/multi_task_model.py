"""The whole flow: images -> features -> logits per task -> losses or predictions."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.geometry import at_least_float32
from mmmtl.models.colours import check_colours
from mmmtl.models.data_preprocessor import ViewPreprocessor
from mmmtl.models.equal_sizes import predict_by_size
from mmmtl.models.loss_reduction import REDUCTIONS, reduce_losses
from mmmtl.models.loss_weighting import FixedWeighting
from mmmtl.models.own_size import final_map
from mmmtl.models.pretrained import loading_pretrained
from mmmtl.models.scene_cameras import check_view_sizes, scene_cameras
from mmmtl.models.supervision_role import indices_for, select_images
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task, build_tasks

# what else a line of the log has
LOGGED = {'loss', 'grad_norm', 'lr', 'base_lr', 'eta', 'time', 'data_time', 'memory', 'epoch', 'iter'}


@MODELS.register_module()
class MultiTaskModel(BaseModel):
    """One network for several dense tasks.

    Channels flow in code: the backbone tells ``out_channels`` and ``strides``, the neck passes on its own, every task
    tells its ``channels``.

    Args:
        tasks: ``{name: config}``.
        backbone: Images -> tuple of features, fine to coarse. One with ``needs_tasks = True`` is given their names.
        decode_head: Features -> ``{task: logits}``.
        neck: Features -> features. One with ``needs_views = True`` is also given the images and the cameras, by
            ``match``, and ``join``s what that found with the features.
        loss_weighting: T losses -> one number; all weights 1 by default.
        consistency_losses: ``{name: config}``, terms that tie tasks or views, added to the total.
        reduction: How pixels, images and processes become one number per task: ``'batch'``, ``'labelled'`` or
            ``'pixels'``, see `reduce_losses`.
        data_preprocessor: Views into one normalised batch; ImageNet's mean and deviation by default. Where the
            backbone's weights were trained with other colours, that is an error.
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
        self.return_aux = False  # whether `predict` adds what the neck can show; whoever draws pictures turns it on
        self.reduction = reduction
        self.counts: dict[str, Tensor] = {}  # of the last losses, see `loss`
        kind = MODELS.get(backbone['type']) if isinstance(backbone['type'], str) else backbone['type']
        self.backbone = MODELS.build(
            {**backbone, 'tasks': tuple(self.tasks)} if getattr(kind, 'needs_tasks', False) else backbone
        )
        check_colours(self.backbone, self.data_preprocessor)
        told = self.backbone
        self.neck = None
        if neck is not None:
            self.neck = told = MODELS.build({**neck, 'in_channels': told.out_channels, 'strides': told.strides})
        self.decode_head = MODELS.build(
            {**decode_head, 'tasks': self.tasks, 'in_channels': told.out_channels, 'strides': told.strides}
        )
        self.loss_weighting = MODELS.build(
            {'type': FixedWeighting, **(loss_weighting or {}), 'tasks': list(self.tasks)}
        )
        for place, taken in (
            ('tasks', LOGGED & {*self.tasks}),
            ('model.consistency_losses', {*LOGGED, *self.tasks} & {*(consistency_losses or {})}),
        ):
            if taken:
                raise ConfigError(f'{place}: the name {", ".join(sorted(taken))} is taken; choose another')
        self.consistency_losses = nn.ModuleDict(
            {
                name: MODELS.build(
                    {
                        **config,
                        'tasks': self.tasks,
                        'in_channels': self.backbone.out_channels,
                        'strides': self.backbone.strides,
                    }
                )
                for name, config in (consistency_losses or {}).items()
            }
        )
        for name, consistency in self.consistency_losses.items():
            if consistency.needs_matches and getattr(self.neck, 'cost_volume', None) is None:
                raise ConfigError(
                    f'model.consistency_losses.{name}: {type(consistency).__name__} needs a neck with a '
                    'cost volume; take CrossViewModule, or leave the loss out'
                )

    def init_weights(self) -> None:
        """Initialise every part; files of pretrained weights run nothing, and have to fit."""
        with loading_pretrained(self):
            super().init_weights()

    def val_step(self, data: dict[str, Sequence]) -> list[MultiTaskDataSample]:
        """Predict for raw images of any size; the prediction for an image does not depend on the rest of the batch.

        Args:
            data: ``inputs``, N images (3, H_i, W_i) uint8, and ``data_samples``, as `collate_views` gives them.

        Returns:
            N samples with ``pred``, in the order of the images.

        Raises:
            DataError: The network looks across views, and those of a scene are of different size.
        """
        if self.looks_across_views:
            check_view_sizes(data['data_samples'])
        return predict_by_size(super().val_step, data, self.data_preprocessor.padded_size)

    test_step = val_step

    def forward(
        self, inputs: Tensor, data_samples: Sequence[MultiTaskDataSample] | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | list[MultiTaskDataSample]:
        """Images (N, 3, H, W) -> logits (``'tensor'``), losses (``'loss'``), samples with ``pred`` (``'predict'``).

        The network sees the padding that brings smaller images to (H, W); `val_step` and `test_step` add none.
        """
        features = self.backbone(inputs)
        matched = self.match(features, inputs, data_samples)
        logits = self.decode(features, matched, inputs.shape[2:])
        if mode == 'loss':
            return self.loss(logits, features, data_samples, matched)
        if mode == 'predict':
            samples = self.predict(logits, data_samples)
            return self.aux_maps(matched, inputs.shape[2:], samples) if self.return_aux else samples
        return logits

    @property
    def looks_across_views(self) -> bool:
        """Whether the neck is also given the images and cameras of the other views of a scene."""
        return getattr(self.neck, 'needs_views', False)

    def match(
        self, features: tuple[Tensor, ...], images: Tensor, data_samples: Sequence[MultiTaskDataSample] | None
    ) -> dict[str, Tensor]:
        """What a neck that looks across views finds there; samples tell which images share a scene. Else nothing."""
        if not self.looks_across_views:
            return {}
        return self.neck.match(features, images, **scene_cameras(data_samples))

    def decode(
        self, features: tuple[Tensor, ...], matched: dict[str, Tensor], size: tuple[int, int]
    ) -> dict[str, Tensor]:
        """The backbone's taps and what `match` found -> ``{task: (N, channels, *size)}``, float32 at least."""
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
        """Task losses and consistency losses by name, and ``'loss'``, the total that is descended.

        A weighting that moves is logged too, as ``weight/<task>``. ``self.counts`` has a number for each: 0 where no
        image has the label or gives the consistency loss anything to compare, and a loss of 0 is no value; above 0
        elsewhere. The total counts where any of them does.
        """
        targets = self.targets(data_samples, next(iter(logits.values())).shape[2:])
        losses, present = self.task_losses(logits, targets, data_samples)
        parameters = dict(self.named_parameters()) if self.loss_weighting.takes_gradients else {}
        total, weights = self.loss_weighting(losses, present, parameters)
        # without graphs, for who holds the log through the step would hold all activations
        log = {name: loss.detach() for name, loss in zip(self.tasks, losses, strict=True)}
        self.counts = counts = dict(zip(self.tasks, present.to(total.dtype).unbind(), strict=True))
        for name, consistency in self.consistency_losses.items():
            more = {'matched': matched} if consistency.needs_matches else {}
            error = consistency(logits, targets, features, data_samples, **more)
            total = total + consistency.weight * consistency.ramp * error
            log[name] = error.detach()
            counts[name] = torch.ones_like(log[name]) if consistency.met is None else consistency.met
        counts['loss'] = torch.stack(tuple(counts.values())).amax()
        if self.loss_weighting.is_adaptive:
            log |= {f'weight/{name}': weight for name, weight in zip(self.tasks, weights.unbind(), strict=True)}
            counts |= {f'weight/{name}': counts[name] for name in self.tasks}
        return log | {'loss': total}

    def task_losses(
        self, logits: dict[str, Tensor], targets: dict[str, Tensor], data_samples: Sequence[MultiTaskDataSample]
    ) -> tuple[list[Tensor], Tensor]:
        """T losses of the images that learn from their labels, and bool (T,): which tasks have one anywhere."""
        indices = indices_for('supervised', data_samples)
        logits, targets = select_images(logits, indices), select_images(targets, indices)
        errors = [self.tasks[name].error(logits[name], targets[name]) for name in self.tasks]
        return reduce_losses(*zip(*errors, strict=True), self.reduction)

    def targets(self, data_samples: Sequence[MultiTaskDataSample], size: tuple[int, int]) -> dict[str, Tensor]:
        """Labels of all samples as (N, C, H, W), void where a sample has none and in the padding."""
        device = self.data_preprocessor.device
        targets = {}
        for name, task in self.tasks.items():
            shape = len(data_samples), task.target_channels, *size
            target = torch.full(shape, task.void, dtype=task.dtype, device=device)
            for place, sample in zip(target, data_samples, strict=True):
                if name in sample.gt:
                    label = sample.gt.get(name)
                    place[:, : label.shape[1], : label.shape[2]] = label
            targets[name] = target
        return targets

    def predict(
        self, logits: dict[str, Tensor], data_samples: Sequence[MultiTaskDataSample]
    ) -> list[MultiTaskDataSample]:
        """Final maps into ``sample.pred``, cut and resized to the image's own size."""
        for number, sample in enumerate(data_samples):
            height, width = sample.img_shape
            sample.pred = PixelData(
                **{
                    name: final_map(
                        task,
                        logits[name][number : number + 1, :, :height, :width],
                        sample.output_shape,
                        sample.get('magnification', 1.0),
                    )
                    for name, task in self.tasks.items()
                }
            )
        return list(data_samples)

    def aux_maps(
        self, matched: dict[str, Tensor], size: tuple[int, int], data_samples: list[MultiTaskDataSample]
    ) -> list[MultiTaskDataSample]:
        """What the neck shows of itself into ``sample.extra`` of every view that others look at."""
        if not matched or not hasattr(self.neck, 'aux_maps'):
            return data_samples
        maps = {name: F.interpolate(x.float(), size) for name, x in self.neck.aux_maps(matched).items()}
        for number, sample in enumerate(data_samples):
            height, width = sample.img_shape
            if sample.get('num_views', 1) > 1:
                sample.extra = PixelData(
                    **{
                        name: F.interpolate(values[number : number + 1, :, :height, :width], sample.output_shape)[0]
                        for name, values in maps.items()
                    }
                )
        return data_samples

    @property
    def visualizers(self) -> dict:
        """``{name: what has draw and legend}`` for the maps in ``pred`` and ``extra``: the tasks, and the neck's."""
        return {**self.tasks, **(self.neck.visualizers(self.tasks) if hasattr(self.neck, 'visualizers') else {})}

    def parse_losses(self, losses: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Only ``'loss'`` is descended; the rest, and ``count/<name>`` for what `loss` counts, is for the log."""
        log = {name: value.detach() for name, value in losses.items()}
        return losses['loss'], log | {f'count/{name}': count for name, count in self.counts.items()}

    def _dump_init_info(self) -> None:
        """MMEngine would log three lines for every parameter."""
