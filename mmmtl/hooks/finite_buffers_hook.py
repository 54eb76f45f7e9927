"""Restore buffers, such as running statistics, that became non-finite."""

import torch
from mmengine.hooks import Hook
from torch import Tensor

from mmmtl.model_wrapper import unwrap_model
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class FiniteBuffersHook(Hook):
    """Restore all buffers of the model if a batch made a value in one of them NaN or infinite.

    `FiniteOptimWrapper` skips the step of such a batch, but its forward pass has already updated the statistics of
    `BatchNorm`, which would stay NaN. All buffers are restored to their state before the batch: statistics, counts, and
    others, such as the regions of `RegionContrast`. Values that were infinite before do not count. Each process decides
    for its own buffers. Those of the loss weighting, which are equal on all processes and have their own protection,
    are skipped.

    There is no device sync: both states are copied to one tensor per dtype, and the choice is made on the device.
    """

    priority = 'VERY_HIGH'  # before weight averaging and checkpoints

    def before_train(self, runner) -> None:
        model = unwrap_model(runner.model)
        by_dtype: dict[torch.dtype, list[Tensor]] = {}
        for name, buffer in model.named_buffers():
            if buffer.numel() and buffer.is_contiguous() and not name.startswith('loss_weighting.'):
                by_dtype.setdefault(buffer.dtype, []).append(buffer)
        self.groups = list(by_dtype.values())

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.before = [flatten(group) for group in self.groups]

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        if not self.groups:
            return
        after = [flatten(group) for group in self.groups]
        became_non_finite = torch.stack(
            [(~now.isfinite() & earlier.isfinite()).any() for now, earlier in zip(after, self.before, strict=True)]
        ).any()
        for group, now, earlier in zip(self.groups, after, self.before, strict=True):
            pieces = torch.where(became_non_finite, earlier, now).split([buffer.numel() for buffer in group])
            torch._foreach_copy_(group, [piece.view_as(buffer) for piece, buffer in zip(pieces, group, strict=True)])


def flatten(tensors: list[Tensor]) -> Tensor:
    """Concatenate all values in a new 1-D tensor."""
    return torch.cat([values.flatten() for values in tensors])
