"""Check ``auto_scale_lr``, by which MMEngine scales the learning rate with the batch size."""

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
        ConfigError: A key is unknown or missing, or the batch size is not a positive whole number.
    """
    entries = auto_scale_lr or {}
    for key in entries:
        if key not in KEYS:
            raise ConfigError(f'auto_scale_lr.{key}: unknown{did_you_mean(key, KEYS)}')
    if entries.get('enable') and 'base_batch_size' not in entries:
        raise ConfigError(
            'auto_scale_lr.base_batch_size: the config has none; give the batch size of all processes for which its '
            'learning rate is meant: --cfg-options auto_scale_lr.base_batch_size=N'
        )
    size = entries.get('base_batch_size', 1)
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise ConfigError(f'auto_scale_lr.base_batch_size: expected a whole number of at least 1, found {size!r}')
