"""An epoch-based training loop that can resume within an epoch, and where a resumed loop continues."""

from mmengine.runner import BaseLoop, EpochBasedTrainLoop

from mmmtl.registry import LOOPS


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """MMEngine's epoch-based loop, which MMEngine can resume at the start of an epoch only.

    An epoch that was interrupted continues with its next batch. The sampler skips the batches before, so none of their
    images is read again. With a sampler without a method ``skip(num_samples)``, the run continues with the next epoch.
    """

    @property
    def can_skip(self) -> bool:
        """Whether the sampler can skip the batches of an interrupted epoch."""
        return hasattr(self.dataloader.sampler, 'skip') and self.dataloader.batch_size is not None

    def run_epoch(self) -> None:
        """Run the rest of the current epoch, which is all of it unless the run was resumed within the epoch."""
        done = self._iter - self._epoch * len(self.dataloader)
        if not done:
            super().run_epoch()
            return
        self.runner.call_hook('before_train_epoch')  # sets the sampler to the start of the epoch
        self.runner.model.train()
        if done < len(self.dataloader):
            sampler = self.dataloader.sampler
            sampler.skip(self._epoch * len(sampler) + done * self.dataloader.batch_size)
            for index, batch in enumerate(self.dataloader, start=done):
                self.run_iter(index, batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1


def epoch_length(loop: BaseLoop) -> int | None:
    """Return the iterations per epoch; None for an iteration-based loop."""
    return len(loop.dataloader) if isinstance(loop, EpochBasedTrainLoop) else None


def resume_position(loop: BaseLoop, epoch: int, iteration: int, length_before: int | None = None) -> tuple[int, int]:
    """Return the epoch and the iteration with which a loop continues.

    An epoch-based loop whose epoch length has changed continues at the start of an epoch, since its batches differ; so
    does one that cannot skip batches.

    Args:
        loop: The loop.
        epoch: Completed epochs; 0 from an iteration-based loop.
        iteration: Completed iterations.
        length_before: Iterations per epoch of the interrupted run; None from an iteration-based loop.
    """
    length = epoch_length(loop)
    if length is None:
        return 0, iteration
    if isinstance(loop, ResumableEpochLoop) and loop.can_skip and length_before == length:
        return epoch, iteration
    if length_before:
        epoch = -(-iteration // length_before)
    epoch = epoch or iteration // length
    return epoch, epoch * length
