"""A linear ramp-up of consistency losses, which need reasonable predictions first."""

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop

from mmmtl.errors import ConfigError
from mmmtl.model_wrapper import unwrap_model
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class ConsistencyRampHook(Hook):
    """Multiply a consistency loss by min(epoch / epochs, 1), where the first epoch is 0; or likewise by iterations.

    The factor depends on the epoch or iteration alone, so it continues after a resume.

    Args:
        name: Key of the loss in ``model.consistency_losses``.
        epochs: Length of the ramp in epochs.
        iterations: Length of the ramp in iterations; give one of the two.

    Raises:
        ConfigError: Not exactly one of the lengths is given, it is not positive, the model has no such loss, or
            ``epochs`` is given but the training loop counts iterations.
    """

    def __init__(self, name: str, *, epochs: float | None = None, iterations: int | None = None) -> None:
        lengths = [length for length in (epochs, iterations) if length is not None]
        if len(lengths) != 1 or not lengths[0] > 0:
            raise ConfigError(
                f'ConsistencyRampHook({name!r}): expected epochs or iterations, a number above 0, found '
                f'epochs={epochs}, iterations={iterations}'
            )
        self.name, self.by_epoch, self.length = name, epochs is not None, lengths[0]

    def before_train(self, runner) -> None:
        losses = self.losses(runner)
        if self.name not in losses:
            raise ConfigError(
                f'ConsistencyRampHook.name: the model has no consistency loss {self.name!r}, it has '
                f'{", ".join(losses) or "none"}'
            )
        if self.by_epoch and not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ConfigError(
                f'ConsistencyRampHook({self.name!r}): the training loop counts iterations and would stay '
                'in epoch 0; give iterations instead of epochs'
            )

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        done = runner.epoch if self.by_epoch else runner.iter
        self.losses(runner)[self.name].ramp = min(done / self.length, 1.0)

    @staticmethod
    def losses(runner):
        """Return the model's consistency losses by name."""
        return unwrap_model(runner.model).consistency_losses
