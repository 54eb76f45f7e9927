"""An epoch-based training loop that can resume within an epoch."""

from mmengine.runner import EpochBasedTrainLoop

from mmmtl.registry import LOOPS


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """MMEngine's epoch-based loop, which MMEngine can resume at the start of an epoch only.

    An epoch that was interrupted continues with its next batch. The sampler skips the batches before, so none of their
    images is read again; a sampler without a method ``skip(num_samples)`` starts the epoch anew.
    """

    @property
    def within_epoch(self) -> int:
        """Completed iterations of the current epoch: 0 unless the run was resumed within it."""
        return self._iter - self._epoch * len(self.dataloader)

    def run_epoch(self) -> None:
        """Run the rest of the current epoch."""
        done = self.within_epoch
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
