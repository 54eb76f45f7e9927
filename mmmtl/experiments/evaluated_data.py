"""The data that a run is evaluated on, and the file of its scores."""

from enum import Enum
from typing import Any

from mmengine.config import Config

from mmmtl.configuration.evaluation import normalize_evaluation
from mmmtl.errors import ConfigError
from mmmtl.files.checksums import json_digest


class EvaluatedData(Enum):
    """Data of a config; the value is the name of the file of scores."""

    TEST = 'metrics.json'
    VALIDATION = 'validation.json'


def evaluate_on(config: Config, data: EvaluatedData) -> None:
    """Make `MultiTaskRunner.test` evaluate ``data``: replace the test data of the config by the validation data.

    Raises:
        ConfigError: The config has no validation data, or they are the test data.
    """
    if data is EvaluatedData.TEST:
        return
    if not config.get('val_dataloader'):
        raise ConfigError('val_dataloader: there is none, but --validation evaluates it; add one')
    if config.get('test_dataloader') and _normalized(config, 'val') == _normalized(config, 'test'):
        raise ConfigError(
            'val_dataloader: has the test data, so --validation would choose settings on them; validate on other data, '
            'such as a part of the training data (held_out=dict(type=HoldOutSplit, ...))'
        )
    config.test_dataloader, config.test_evaluator = config.val_dataloader, config.val_evaluator
    config.test_cfg = config.get('test_cfg') or {}


def validation_digest(config: Config) -> str:
    """Return a digest that changes with anything in the validation data and metrics that can change a score."""
    return json_digest(_normalized(config, 'val'))


def _normalized(config: Config, split: str) -> dict[str, Any]:
    loader, evaluator = config[f'{split}_dataloader'], config[f'{split}_evaluator']
    return normalize_evaluation({'tasks': {}, 'test_dataloader': loader, 'test_evaluator': evaluator})
