"""Depth that the network states as its inverse, as networks do that learn from stereo."""

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS
from mmmtl.tasks.depth import SMALLEST, Depth
from mmmtl.tasks.stereo_depth import StereoDepth


@TASKS.register_module()
class InverseDepth(Depth):
    """Labels, measures and pictures are those of `Depth`, in metres; the logit is ``unit`` / depth.

    With ``unit`` = f B / W of a stereo rig (focal length and image width in pixels) the logit is the rig's normalised
    disparity, disparity / W, and depth = f B / (d W). An inverse depth needs no camera, so that rigs may differ: what
    the disparity of a pair is, its own cameras say.

    Args:
        name: Key in the samples.
        unit: Metres, the depth of logit 1.
        farthest: Metres; predictions are no farther, which keeps logits around 0, or below, from infinity.
        kwargs: Those of `Depth`. Losses compare the logit with ``unit`` / label; `L1` by default.
    """

    def __init__(self, name: str, *, unit: float = 1.0, farthest: float = 100.0, **kwargs) -> None:
        super().__init__(name, **kwargs)
        if not (unit > 0 and farthest > 0):
            raise ConfigError(f'{name}: unit and farthest must be metres > 0, found {unit} and {farthest}')
        self.unit, self.farthest = unit, farthest

    def activate(self, logits: Tensor) -> Tensor:
        return self.unit / logits.clamp(min=self.unit / self.farthest)

    def to_logits(self, values: Tensor) -> Tensor:
        return self.unit / values.clamp(min=SMALLEST)

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Inverse depths."""
        return logits, self.unit / torch.where(target > 0, target, 1)

    @property
    def stereo(self) -> StereoDepth:
        return StatedInverse(self)


class StatedInverse(StereoDepth):
    """Inverse depths as the network states them, without a limit."""

    def normalized_disparity(self, logits: Tensor, baseline: Tensor) -> Tensor:
        return baseline * (logits / self.task.unit)
