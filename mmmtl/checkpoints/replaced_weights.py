"""Build a model without pretrained weights where a checkpoint replaces all of them."""

from typing import Any

from mmmtl.configuration.resolve_type import class_of
from mmmtl.models.backbones import TimmBackbone


def without_pretrained(model: Any) -> Any:
    """Copy the config of a model, or of a part of it, so that no `TimmBackbone` in it loads weights.

    A trained model can then be used without the package of the weights and without a network.
    """
    if isinstance(model, dict):
        copy = type(model)({key: without_pretrained(value) for key, value in model.items()})
        # not every type is a part of ours, such as that of an initialiser or of a part of mmsegmentation
        if 'model_name' in copy and class_of(copy) is TimmBackbone:
            copy.update(pretrained=False, checkpoint=None)
        return copy
    if isinstance(model, list | tuple):
        return type(model)(without_pretrained(value) for value in model)
    return model
