"""The multi-task model: images -> features -> logits per task -> losses or predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from mmmtl.models.batch_context import BatchContext
from mmmtl.models.build_parts import build_backbone, build_decode_head, build_neck
from mmmtl.models.colour_check import check_colours
from mmmtl.models.data_preprocessor import ViewPreprocessor
from mmmtl.models.equal_sizes import predict_by_size
from mmmtl.models.full_size import at_full_size
from mmmtl.models.loss_model import LossModel
from mmmtl.models.pretrained import loading_pretrained
from mmmtl.models.sample_maps import write_aux_maps, write_predictions
from mmmtl.models.scene_cameras import check_view_sizes
from mmmtl.models.size_constraint import SizeConstraint
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class MultiTaskModel(LossModel):
    """One network for several dense tasks.

    Channels and strides are passed on in code, not in configs, see `Backbone`, `Neck` and `DecodeHead`. Images are
    padded where a part needs a multiple of some size, and the logits are cropped back, so that padding has no loss and
    no prediction.

    Args:
        tasks: ``{name: config}``.
        backbone: Config of a `Backbone`, images -> features. A class with ``needs_tasks = True`` also gets the task
            names, ``tasks``.
        decode_head: Config of a `DecodeHead`, features -> logits of every task; it gets ``tasks``, ``in_channels`` and
            ``strides``.
        neck: Config of a `Neck`, features -> features and auxiliary maps; it gets ``in_channels`` and ``strides``. By
            default features are passed on.
        loss_weighting: Config of a `LossWeighting`, T losses -> total; all weights are 1 by default.
        consistency_losses: ``{name: config}`` of `ConsistencyLoss` terms, added to the total.
        reduction: How pixels, images and processes are reduced to one loss per task: ``'batch'``, ``'labelled'`` or
            ``'pixels'``, see `reduce_losses`.
        data_preprocessor: Config of a `ViewPreprocessor` or of a subclass; ImageNet's mean and standard deviation by
            default.
        **kwargs: ``init_cfg`` of MMEngine's ``BaseModule``.

    Raises:
        ConfigError: ``reduction`` is unknown, a part is of the wrong class, a task or consistency loss has the name of
            another entry of the log, a consistency loss reads a map that no part returns, no image size suits all
            parts, or the weights of the backbone were trained with images normalized differently.
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
        **kwargs: Any,
    ) -> None:
        super().__init__(tasks, reduction, MODELS.build(data_preprocessor or {'type': ViewPreprocessor}), **kwargs)
        self.return_aux = False  # whether the mode 'predict' adds the neck's maps; `VisualizationHook` sets it
        self.backbone = build_backbone(backbone, self.tasks)
        check_colours(self.backbone, self.data_preprocessor)
        self.neck = build_neck(neck, self.backbone)
        self.decode_head = build_decode_head(decode_head, self.neck, self.tasks)
        self.size_constraint = self._joint_size_constraint()
        self.build_losses(loss_weighting, consistency_losses or {})

    def _joint_size_constraint(self) -> SizeConstraint:
        """Combine the constraints of all parts; no size is fixed if the backbone resizes images itself."""
        resized = self.backbone.input_size
        joint = SizeConstraint.joint(
            {
                'backbone': self.backbone.size_constraint if resized is None else SizeConstraint(fixed=resized),
                'neck': self.neck.size_constraint,
                'decode_head': self.decode_head.size_constraint,
            }
        )
        return joint if resized is None else SizeConstraint(joint.multiple)

    def init_weights(self) -> None:
        """Initialize every part.

        Raises:
            CheckpointError: A file of pretrained weights is unreadable or does not fit, see `loading_pretrained`.
        """
        with loading_pretrained(self):
            super().init_weights()
        for _, loss in self._named_consistency_losses():
            loss.prepare_training()

    def val_step(self, data: dict[str, Sequence]) -> list[MultiTaskDataSample]:
        """Predict for raw images of any size; a prediction does not depend on the other scenes of the batch.

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
            data_samples: N samples; required unless ``mode`` is ``'tensor'``.
            mode: ``'tensor'``, ``'loss'`` or ``'predict'``.

        Returns:
            Logits ``{task: (N, channels, H, W)}``, losses by name (see `loss`), or N samples with ``pred``.
        """
        size = inputs.shape[2], inputs.shape[3]
        context = self.context(inputs, data_samples)
        features = self.backbone(context.images)
        neck = self.neck(features, context)
        output = at_full_size(self.decode_head(neck.features, context), context.image_shape, size)
        if mode not in ('loss', 'predict'):
            return dict(output.logits)
        assert data_samples is not None, f'mode {mode!r} needs data_samples'
        if mode == 'loss':
            rgb = {'rgb': self.data_preprocessor.to_rgb(context.images)} if self.reads_rgb else {}
            return self.loss(output, features, data_samples, {**neck.aux, **output.aux, **rgb})
        self.predict(output.logits, data_samples)
        if self.return_aux and (maps := self.neck.visual_maps(neck.aux)):
            write_aux_maps(maps, context.image_shape, data_samples)
        return list(data_samples)

    def extract_feat(
        self, inputs: Tensor, data_samples: Sequence[MultiTaskDataSample] | None = None
    ) -> tuple[Tensor, ...]:
        """Return the features that the decode head takes, fine to coarse.

        Args:
            inputs: (N, 3, H, W), preprocessed.
            data_samples: N samples; None if every image is a scene.
        """
        context = self.context(inputs, data_samples)
        return self.neck(self.backbone(context.images), context).features

    @property
    def looks_across_views(self) -> bool:
        """Whether a part uses the images and cameras of the other views of a scene."""
        return self.neck.looks_across_views or self.decode_head.looks_across_views

    def context(self, inputs: Tensor, data_samples: Sequence[MultiTaskDataSample] | None = None) -> BatchContext:
        """Describe a batch for neck and decode head, with images padded to a size that all parts accept.

        Raises:
            DataError: The images do not have the only size that a part accepts; or a part looks across views, and a
                scene with several views lacks a camera, or its views differ in size.
        """
        images = self.size_constraint.pad(inputs)
        return BatchContext.of(self.tasks, images, data_samples, across_views=self.looks_across_views)

    def predict(
        self, logits: Mapping[str, Tensor], data_samples: Sequence[MultiTaskDataSample]
    ) -> list[MultiTaskDataSample]:
        """Write the final maps, at the image's own size, into ``sample.pred`` of N samples, and return these."""
        write_predictions(self.tasks, logits, data_samples)
        return list(data_samples)

    @property
    def visualizers(self) -> dict[str, Any]:
        """The objects that draw the maps in ``pred`` and ``extra``, by name: tasks, and visualizers of the neck."""
        return {**self.tasks, **self.neck.visualizers(self.tasks)}

    def _dump_init_info(self) -> None:
        """Do nothing: MMEngine would log three lines per parameter."""
