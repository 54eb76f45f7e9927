"""The validation that a killed run owes."""

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop

from mmmtl.registry import HOOKS


@HOOKS.register_module()
class ValidateOnResumeHook(Hook):
    """Validates first when a run is taken up from a checkpoint after which a validation was due.

    A checkpoint is written before the validation; MMEngine goes on with the next epoch, and the scores, perhaps the
    best ones, are never known. A validation that draws random numbers would also leave them elsewhere.
    """

    priority = 'LOWEST'

    def before_train(self, runner) -> None:
        loop = runner.train_loop
        done, end = (
            (loop.epoch, loop.max_epochs) if isinstance(loop, EpochBasedTrainLoop) else (loop.iter, loop.max_iters)
        )
        if done:
            loop._decide_current_val_interval()  # it may change on the way (dynamic_intervals)
        if (
            done
            and runner.val_loop is not None
            and done >= loop.val_begin
            and (done % loop.val_interval == 0 or done == end)
        ):
            runner.val_loop.run()
