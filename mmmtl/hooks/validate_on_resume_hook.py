"""Run the validation that an interrupted run missed."""

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop

from mmmtl.registry import HOOKS


@HOOKS.register_module()
class ValidateOnResumeHook(Hook):
    """Validate before training continues, if the resumed checkpoint was written just before a validation was due.

    MMEngine writes a checkpoint before it validates, and resumes with the next epoch: the scores, perhaps the best
    ones, would be lost, and the state of random generators would differ if validation draws random numbers.
    """

    priority = 'LOWEST'

    def before_train(self, runner) -> None:
        loop = runner.train_loop
        done, end = (
            (loop.epoch, loop.max_epochs) if isinstance(loop, EpochBasedTrainLoop) else (loop.iter, loop.max_iters)
        )
        if isinstance(loop, EpochBasedTrainLoop) and loop.iter > loop.epoch * len(loop.dataloader):
            return  # resumed within an epoch, after the validation
        if done:
            loop._decide_current_val_interval()  # dynamic_intervals may change it
        if (
            done
            and runner.val_loop is not None
            and done >= loop.val_begin
            and (done % loop.val_interval == 0 or done == end)
        ):
            runner.val_loop.run()
