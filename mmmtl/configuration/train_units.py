"""Pass the unit of the training loop (epochs or iterations) and the batch size on to hooks, logs and samplers."""

from mmengine.config import Config, ConfigDict
from mmengine.runner import IterBasedTrainLoop

from mmmtl.configuration.resolve_type import class_of, resolve_type
from mmmtl.datasets import EpochSampler, RatioSampler
from mmmtl.errors import ConfigError


def set_train_units(config: Config) -> None:
    """Make checkpoints and logs count epochs or iterations as ``train_cfg`` does; pass the batch size to samplers.

    Samplers are endless in an iteration-based loop only.

    Checkpoints have to use the unit of the loop: an epoch-based loop can resume at the start of an epoch only, and to
    an iteration-based loop the whole run is one epoch.

    Raises:
        ConfigError: ``default_hooks.checkpoint.by_epoch`` contradicts ``train_cfg``.
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
            f'default_hooks.checkpoint.by_epoch={not by_epoch}, but train_cfg counts {unit}; remove it, and '
            f'checkpoint.interval counts {unit} too'
        )
    if logger:
        logger.setdefault('log_metric_by_epoch', by_epoch)
    config.setdefault('log_processor', ConfigDict()).setdefault('by_epoch', by_epoch)
    loader = config.get('train_dataloader') or {}
    sampler = loader.get('sampler')
    if not sampler:
        return
    kind = resolve_type(sampler['type'], 'train_dataloader.sampler.type')
    if kind in (EpochSampler, RatioSampler):
        sampler['endless'] = not by_epoch
    if kind is RatioSampler:
        sampler['batch_size'] = loader['batch_size']


def counts_epochs(train_cfg: ConfigDict) -> bool:
    """Return whether the training loop is epoch-based."""
    if 'type' in train_cfg:
        return not issubclass(class_of(train_cfg, 'train_cfg'), IterBasedTrainLoop)
    return train_cfg.setdefault('by_epoch', 'max_epochs' in train_cfg)
