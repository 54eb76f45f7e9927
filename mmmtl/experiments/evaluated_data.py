"""The data that a run is evaluated on, and the file of its scores."""

from enum import Enum

from mmengine.config import Config

from mmmtl.errors import ConfigError


class EvaluatedData(Enum):
    """Data of a config; the value is the name of the file of scores."""

    TEST = 'metrics.json'
    VALIDATION = 'validation.json'


def evaluate_on(config: Config, data: EvaluatedData) -> None:
    """Make `MultiTaskRunner.test` evaluate ``data``: replace the test data of the config by the validation data.

    Raises:
        ConfigError: The config has no validation data.
    """
    if data is EvaluatedData.TEST:
        return
    if not config.get('val_dataloader'):
        raise ConfigError('val_dataloader: there is none, but --validation evaluates it; add one')
    config.test_dataloader, config.test_evaluator = config.val_dataloader, config.val_evaluator
    config.test_cfg = config.get('test_cfg') or {}
