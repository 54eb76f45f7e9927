"""Epochs or iterations, and the batch size: stated once, by the training loop and its loader, and handed out."""

from mmengine.config import Config, ConfigDict
from mmengine.runner import IterBasedTrainLoop

from mmmtl.configuration.resolve_type import class_of
from mmmtl.datasets import EpochSampler, RatioSampler
from mmmtl.errors import ConfigError


def set_train_units(config: Config) -> None:
    """Let checkpoints and logs count what ``train_cfg`` counts; give samplers the batch size.

    Only the sampler of an iteration loop has no end.

    A run is taken up where a checkpoint was written. An epoch loop can start at an epoch's beginning only, and an
    iteration loop, to which its whole run is one epoch, would write no checkpoint counted by epochs before its end.

    Raises:
        ConfigError: The checkpoints are said to be counted otherwise.
    """
    if not config.get('train_cfg'):
        return
    by_epoch = counts_epochs(config.train_cfg)
    hooks = config.setdefault('default_hooks', ConfigDict())
    checkpoint = hooks.setdefault('checkpoint', ConfigDict(type='mmmtl.AtomicCheckpointHook', interval=1))
    logger = hooks.setdefault('logger', ConfigDict(type='LoggerHook'))
    if checkpoint and checkpoint.setdefault('by_epoch', by_epoch) != by_epoch:
        unit = 'epochs' if by_epoch else 'iterations'
        raise ConfigError(
            f'default_hooks.checkpoint.by_epoch={not by_epoch}, but train_cfg counts {unit}: leave it '
            f'out, checkpoint.interval is then in {unit} too'
        )
    if logger:
        logger.setdefault('log_metric_by_epoch', by_epoch)
    config.setdefault('log_processor', ConfigDict()).setdefault('by_epoch', by_epoch)
    loader = config.get('train_dataloader') or {}
    sampler = loader.get('sampler')
    kind = class_of(sampler) if sampler else None
    if kind in (EpochSampler, RatioSampler):
        sampler['endless'] = not by_epoch
    if kind is RatioSampler:
        sampler['batch_size'] = loader['batch_size']


def counts_epochs(train_cfg: ConfigDict) -> bool:
    """Whether the training loop is one of epochs."""
    if 'type' in train_cfg:
        return not issubclass(class_of(train_cfg), IterBasedTrainLoop)
    return train_cfg.setdefault('by_epoch', 'max_epochs' in train_cfg)
