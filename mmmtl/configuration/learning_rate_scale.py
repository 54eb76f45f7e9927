"""Check ``auto_scale_lr``, which makes MMEngine scale the learning rate with the batch size."""

from collections.abc import Mapping
from typing import Any

from mmmtl.configuration.resolve_type import did_you_mean
from mmmtl.errors import ConfigError

KEYS = ('enable', 'base_batch_size')


def check_learning_rate_scale(auto_scale_lr: Mapping[str, Any] | None) -> None:
    """Check the entry ``auto_scale_lr = dict(base_batch_size=8, enable=True)`` of a config.

    If it is enabled, MMEngine multiplies the learning rate by the batch size of all processes / ``base_batch_size``
    (Goyal et al., arXiv 1706.02677).

    Raises:
        ConfigError: The entry is not a dict, a key is unknown or missing, ``enable`` is not a bool, or
            ``base_batch_size`` is not a positive whole number.
    """
    entries = {} if auto_scale_lr is None else auto_scale_lr
    if not isinstance(entries, Mapping):
        raise ConfigError(f'auto_scale_lr: expected dict(base_batch_size=N), found {entries!r}')
    for key in entries:
        if key not in KEYS:
            raise ConfigError(f'auto_scale_lr.{key}: unknown{did_you_mean(key, KEYS)}')
    if not isinstance(entries.get('enable', False), bool):
        raise ConfigError(f'auto_scale_lr.enable: expected True or False, found {entries["enable"]!r}')
    if entries.get('enable') and 'base_batch_size' not in entries:
        raise ConfigError(
            'auto_scale_lr.base_batch_size: the config has none; give the total batch size (over all processes) that '
            'its learning rate is meant for: --cfg-options auto_scale_lr.base_batch_size=N'
        )
    size = entries.get('base_batch_size', 1)
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise ConfigError(f'auto_scale_lr.base_batch_size: expected a whole number of at least 1, found {size!r}')
