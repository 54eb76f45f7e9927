"""Early stopping that continues after a resume."""

from mmengine import hooks

from mmmtl.errors import ConfigError
from mmmtl.registry import HOOKS

# the prefix best_score makes the runner save it with the best scores, and drop it with them if they are not comparable
STATE = 'best_score_early_stopping'


@HOOKS.register_module()
class EarlyStoppingHook(hooks.EarlyStoppingHook):
    """MMEngine's hook, with the best score and the number of validations without improvement in the checkpoint.

    ``load_config`` replaces MMEngine's hook by this one, and sets ``rule`` if it is known for the metric.

    Args: see `mmengine.hooks.EarlyStoppingHook`. ``strict`` has no effect: a metric that is missing always raises.

    Raises:
        ConfigError: Validation does not return the metric ``monitor``.
    """

    priority = 'VERY_LOW'  # before ValidateOnResumeHook, which validates with the restored state

    def before_train(self, runner) -> None:
        state = runner.message_hub.runtime_info.get(STATE, {})
        if state.get('monitor') == self.monitor:
            self.best_score, self.wait_count = state['best_score'], state['wait_count']
        runner.logger.info(
            f'stops early once {self.monitor} is not {"higher" if self.rule == "greater" else "lower"} than its best '
            f'by at least {abs(self.min_delta):g} in {self.patience} validations in a row{self._other_reasons()}'
        )

    def _other_reasons(self) -> str:
        """Return the further conditions that stop the run, for the log."""
        reasons = ', or if it is not finite' if self.check_finite else ''
        if self.stopping_threshold is not None:
            reasons += f', or once it is {"above" if self.rule == "greater" else "below"} {self.stopping_threshold:g}'
        return reasons

    def after_val_epoch(self, runner, metrics: dict[str, float]) -> None:
        if self.monitor not in metrics:
            raise ConfigError(
                f'EarlyStoppingHook.monitor: validation returns no {self.monitor!r}; it returns {", ".join(metrics)}'
            )
        super().after_val_epoch(runner, metrics)
        state = {'monitor': self.monitor, 'best_score': self.best_score, 'wait_count': self.wait_count}
        runner.message_hub.update_info(STATE, state)
