"""Running statistics that take in nothing that is not finite."""

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor

from mmmtl.registry import HOOKS


@HOOKS.register_module()
class FiniteBuffersHook(Hook):
    """Puts the model's buffers back where a batch has left NaN or infinity in one of them.

    `FiniteOptimWrapper` skips the step of such a batch, but the forward pass has already moved the statistics of
    `BatchNorm`: they would stay NaN for good while the weights are sound. All buffers then are what they were before
    the batch: statistics, their counts, and whatever else a module keeps, such as the regions of `RegionContrast`.
    A value that was infinite before is no reason. Every process decides for its own buffers. Those of the loss
    weighting are left alone: they are the same on all processes and guard themselves.

    Nothing waits for the device: both states are copied into one tensor per dtype, and the choice is made there.
    """

    priority = 'VERY_HIGH'  # before averages of the weights and checkpoints take them

    def before_train(self, runner) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        by_dtype: dict[torch.dtype, list[Tensor]] = {}
        for name, buffer in model.named_buffers():
            if buffer.numel() and buffer.is_contiguous() and not name.startswith('loss_weighting.'):
                by_dtype.setdefault(buffer.dtype, []).append(buffer)
        self.groups = list(by_dtype.values())

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.before = [flat(group) for group in self.groups]

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        if not self.groups:
            return
        after = [flat(group) for group in self.groups]
        broken = torch.stack(
            [(~now.isfinite() & earlier.isfinite()).any() for now, earlier in zip(after, self.before, strict=True)]
        ).any()
        for group, now, earlier in zip(self.groups, after, self.before, strict=True):
            pieces = torch.where(broken, earlier, now).split([buffer.numel() for buffer in group])
            torch._foreach_copy_(group, [piece.view_as(buffer) for piece, buffer in zip(pieces, group, strict=True)])


def flat(tensors: list[Tensor]) -> Tensor:
    """All their numbers in one new tensor."""
    return torch.cat([values.flatten() for values in tensors])
