"""Build a model from a config, with or without weights."""

from pathlib import Path

import torch
from mmengine.config import Config

from mmmtl.checkpoints.checkpoint import load_weights, read_checkpoint
from mmmtl.checkpoints.replaced_weights import without_pretrained
from mmmtl.configuration.load_config import load_config
from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.registry import MODELS


def init_model(
    config: str | Path | Config, checkpoint: str | Path | None = None, device: str | torch.device = 'cpu'
) -> MultiTaskModel:
    """Build the model of ``config`` in evaluation mode.

    Args:
        config: A config file, or a config from `load_config`.
        checkpoint: File with weights; without it the model is as initialized.
        device: Device of the model.

    Raises:
        ConfigError: The config is wrong or has no model.
        CheckpointError: The checkpoint is missing, unsafe to load or of another architecture.
    """
    config = config if isinstance(config, Config) else load_config(config)
    if not config.get('model'):
        raise ConfigError(f'{config.filename}: the config has no model; use a recipe, not a base config')
    model = MODELS.build(config.model if checkpoint is None else without_pretrained(config.model))
    if checkpoint is None:
        model.init_weights()
    else:
        load_weights(model, read_checkpoint(checkpoint)['state_dict'], checkpoint)
    return model.to(device).eval()
