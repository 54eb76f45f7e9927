"""Changes of labels when the image is flipped or enlarged."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor


def unchanged(task: Any, label: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the label as it is; for ``hflip = unchanged`` and ``zoom = unchanged`` in the body of a task."""
    return label


def flip_as_labels(hflip: Callable[[np.ndarray], np.ndarray], values: Tensor) -> Tensor:
    """Apply ``hflip``, which takes labels (H, W) or (H, W, C), to a tensor (N, C, H, W)."""
    if values.shape[1] == 1:
        flipped = [hflip(label)[None] for label in values[:, 0].cpu().numpy()]
    else:
        flipped = [hflip(label).transpose(2, 0, 1) for label in values.permute(0, 2, 3, 1).cpu().numpy()]
    return torch.from_numpy(np.stack(flipped)).to(values)
