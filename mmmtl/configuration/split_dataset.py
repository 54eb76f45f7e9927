"""Find the dataset of a split in a config."""

from mmengine.config import Config, ConfigDict

from mmmtl.errors import ConfigError


def split_dataset(config: Config, split: str) -> ConfigDict:
    """Return the config of the dataset of a split.

    Args:
        config: A config, as `load_config` returns it.
        split: ``'train'``, ``'val'`` or ``'test'``.

    Raises:
        ConfigError: The config has no data of this split.
    """
    loader = config.get(f'{split}_dataloader')
    if not loader:
        raise ConfigError(f'--split {split}: the config has no {split}_dataloader; choose another split')
    return loader.dataset
