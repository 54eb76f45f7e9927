"""Early stopping that a resumed run goes on with."""

from mmengine import hooks

from mmmtl.errors import ConfigError
from mmmtl.registry import HOOKS

STATE = 'best_score_early_stopping'  # the runner saves it with the best scores, and forgets both if they do not compare


@HOOKS.register_module()
class EarlyStoppingHook(hooks.EarlyStoppingHook):
    """MMEngine's hook, whose best score and count of validations without improvement are in the checkpoint.

    ``load_config`` puts it in the place of MMEngine's, and fills in ``rule`` where the measure is the one by which a
    task is judged.

    Raises:
        ConfigError: Validation does not give the measure.
    """

    priority = 'VERY_LOW'  # its state is there before ValidateOnResumeHook validates

    def before_train(self, runner) -> None:
        state = runner.message_hub.runtime_info.get(STATE, {})
        if state.get('monitor') == self.monitor:
            self.best_score, self.wait_count = state['best_score'], state['wait_count']
        runner.logger.info(
            f'stops early once {self.monitor} is not {"higher" if self.rule == "greater" else "lower"} than its best '
            f'by at least {abs(self.min_delta):g} in {self.patience} validations in a row'
        )

    def after_val_epoch(self, runner, metrics: dict[str, float]) -> None:
        if self.monitor not in metrics:
            raise ConfigError(
                f'EarlyStoppingHook.monitor: validation gives no {self.monitor!r}; it gives {", ".join(metrics)}'
            )
        super().after_val_epoch(runner, metrics)
        state = {'monitor': self.monitor, 'best_score': self.best_score, 'wait_count': self.wait_count}
        runner.message_hub.update_info(STATE, state)
