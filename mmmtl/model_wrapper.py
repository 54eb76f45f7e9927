"""The model inside the wrapper for distributed training."""

from typing import Any

from mmengine.model import is_model_wrapper
from torch import nn


def unwrap_model(model: nn.Module) -> Any:
    """Return the model without its wrapper, such as `DistributedDataParallel`; a model without one is returned."""
    return model.module if is_model_wrapper(model) else model
