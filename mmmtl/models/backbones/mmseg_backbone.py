"""Any backbone of mmsegmentation; its channels and strides are found by a dry run."""

from collections.abc import Sequence

import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.extras import import_extra
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.pretrained import loading_pretrained
from mmmtl.registry import MODELS


@MODELS.register_module()
class MMSegBackbone(Backbone):
    """Wraps ``backbone``, for instance ``dict(type='mmseg.ResNet', depth=18)``.

    All options of the mmseg backbone (``init_cfg`` for pretrained weights, ``frozen_stages``, ``norm_cfg``) go into
    ``backbone``. A file of ``init_cfg`` must fill at least its ``min_matched`` (by default 0.9) of the backbone's
    values. Features are sorted fine to coarse, in whatever order the backbone returns them.

    ``forward``: images (N, 3, H, W) -> tuple of (N, out_channels[i], h_i, w_i), with h_i and w_i about H / strides[i]
    and W / strides[i].

    Args:
        backbone: Config: ``type`` (a string such as ``'mmseg.HRNet'``, or the class) and arguments.
        image_size: Height and width of the black image of the dry run; only for a backbone with a fixed input size.

    Raises:
        ConfigError: The backbone does not return maps (1, C, h, w).
    """

    def __init__(self, backbone: dict, *, image_size: Sequence[int] = (128, 128)) -> None:
        super().__init__()
        # Here, not above: an optional package whose models take seconds to import.
        import_extra('mmseg.models', 'MMSegBackbone')  # fills the registry
        mmseg_models = import_extra('mmseg.registry', 'MMSegBackbone').MODELS
        with DefaultScope.overwrite_default_scope('mmseg'):  # for mmcv to find the layers of the backbone
            self.backbone = mmseg_models.build(backbone)
        maps = _dry_run(self.backbone, image_size)
        strides = [round(image_size[0] / x.shape[2]) for x in maps]
        self.order = sorted(range(len(maps)), key=lambda i: strides[i])
        self.out_channels = tuple(maps[i].shape[1] for i in self.order)
        self.strides = tuple(strides[i] for i in self.order)

    def init_weights(self) -> None:
        """Initialize the backbone, or load its pretrained weights.

        Raises:
            CheckpointError: The file of pretrained weights is unreadable or does not fit.
        """
        with loading_pretrained(self):
            super().init_weights()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the features, fine to coarse."""
        maps = _as_sequence(self.backbone(images))
        return tuple(maps[i] for i in self.order)


@torch.no_grad()
def _dry_run(backbone: nn.Module, image_size: Sequence[int]) -> Sequence[Tensor]:
    """Return the maps of one black image; the training mode of every layer, frozen ones included, is restored."""
    modes = [(module, module.training) for module in backbone.modules()]
    backbone.eval()
    maps = _as_sequence(backbone(torch.zeros(1, 3, *image_size)))
    for module, training in modes:
        module.training = training
    if not all(isinstance(x, Tensor) and x.dim() == 4 for x in maps):
        found = [tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__ for x in maps]
        raise ConfigError(f'{type(backbone).__name__} must return maps (1, C, h, w), but returned {found}')
    return maps


def _as_sequence(output: Tensor | Sequence[Tensor]) -> Sequence[Tensor]:
    return (output,) if isinstance(output, Tensor) else output
