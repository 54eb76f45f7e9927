"""Build a model without pretrained weights where a checkpoint replaces all of them."""

from collections.abc import Iterator
from typing import Any

from mmengine.model import BaseModel
from torch import nn

from mmmtl.configuration.resolve_type import is_a
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.backbones.timm_backbone import colours_of
from mmmtl.models.colour_check import check_normalization


def without_pretrained(model: Any) -> Any:
    """Copy the config of a model, or of a part of it, so that no `TimmBackbone` in it loads weights.

    A trained model can then be used without the package of the weights and without a network.
    """
    if isinstance(model, dict):
        copy = type(model)({key: without_pretrained(value) for key, value in model.items()})
        if _is_timm_backbone(copy):
            copy.update(pretrained=False, checkpoint=None)
        return copy
    if isinstance(model, list | tuple):
        return type(model)(without_pretrained(value) for value in model)
    return model


def check_replaced_colours(config: Any, model: nn.Module) -> None:
    """Check that a model normalizes images like the pretraining of the weights that a checkpoint replaces.

    A network that was trained from these weights expects the same colours, so it must pass the check of `TimmBackbone`.

    Args:
        config: The config of the model, before `without_pretrained`.
        model: The model that was built without pretrained weights.

    Raises:
        ConfigError: The preprocessor normalizes differently.
    """
    if not isinstance(model, BaseModel):
        return
    for backbone in _pretrained_backbones(config):
        colours = colours_of(backbone['model_name']) if backbone.get('check_colours', True) else None
        if colours is not None:
            check_normalization(colours, model.data_preprocessor)


def _pretrained_backbones(config: Any) -> Iterator[dict]:
    """Yield the configs of each `TimmBackbone` that loads weights."""
    if isinstance(config, dict):
        if _is_timm_backbone(config) and (config.get('pretrained') or config.get('checkpoint')):
            yield config
        config = list(config.values())
    if isinstance(config, list | tuple):
        for value in config:
            yield from _pretrained_backbones(value)


def _is_timm_backbone(config: dict) -> bool:
    return 'model_name' in config and 'type' in config and is_a(config, 'model', TimmBackbone)
