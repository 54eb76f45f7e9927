"""A model that a checkpoint is about to fill whole needs no pretrained weights: it is built without them."""

from collections.abc import Mapping
from typing import Any

from mmmtl.configuration.resolve_type import class_of
from mmmtl.models.backbones import TimmBackbone


def without_pretrained(model: Any) -> Any:
    """A copy of a model's config, or a part of it, in which no `TimmBackbone` loads weights.

    Where the package of the weights or the network is missing, a trained model can be used all the same.
    """
    if isinstance(model, Mapping):
        copy = type(model)({key: without_pretrained(value) for key, value in model.items()})
        # not every type is a part of ours, such as that of an initialiser or of a part of mmsegmentation
        if 'model_name' in copy and class_of(copy) is TimmBackbone:
            copy.update(pretrained=False, checkpoint=None)
        return copy
    if isinstance(model, list | tuple):
        return type(model)(without_pretrained(value) for value in model)
    return model
