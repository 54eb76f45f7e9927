"""Depth predicted as inverse depth, as usual in networks that learn from stereo."""

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS
from mmmtl.tasks.depth import Depth
from mmmtl.tasks.depth_view_change import MIN_PREDICTION
from mmmtl.tasks.stereo_depth import StereoDepth


@TASKS.register_module()
class InverseDepth(Depth):
    """Depth in metres, predicted as inverse depth: the logit is ``unit`` / depth.

    Labels, metrics and visualization are those of `Depth`. Losses compare the logit with ``unit`` / label.

    With ``unit`` = f B / W of a stereo rig (focal length f and image width W in pixels, baseline B in metres) the logit
    is disparity / W, and depth = f B / (W * logit). Inverse depth does not depend on the camera, so rigs may be mixed:
    the disparity of a pair follows from its own cameras.

    Args:
        name: See `Task`.
        unit: Depth in metres at which the logit is 1.
        farthest: Maximum predicted depth in metres, for logits near 0 or below.
        **kwargs: Arguments of `Depth`.

    Raises:
        ConfigError: ``unit`` or ``farthest`` is not positive.
    """

    def __init__(self, name: str, *, unit: float = 1.0, farthest: float = 100.0, **kwargs) -> None:
        super().__init__(name, **kwargs)
        if not (unit > 0 and farthest > 0):
            raise ConfigError(f'{name}: unit and farthest must be metres > 0, found {unit} and {farthest}')
        self.unit, self.farthest = unit, farthest

    def activate(self, logits: Tensor) -> Tensor:
        return self.unit / logits.clamp(min=self.unit / self.farthest)

    def to_logits(self, values: Tensor) -> Tensor:
        return self.unit / values.clamp(min=MIN_PREDICTION)

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Prediction and label as inverse depth, in 1 / ``unit``."""
        return logits, self.unit / torch.where(target > 0, target, 1)

    @property
    def stereo(self) -> StereoDepth:
        return InverseStereoDepth(self)


class InverseStereoDepth(StereoDepth):
    """Disparity straight from the logit, not limited to ``farthest``."""

    task: InverseDepth

    def normalized_disparity(self, logits: Tensor, baseline: Tensor) -> Tensor:
        return baseline * (logits / self.task.unit)
