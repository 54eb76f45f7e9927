"""Build a model from a config, with or without weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import print_log

from mmmtl.checkpoints.checkpoint import load_weights, read_checkpoint
from mmmtl.checkpoints.replaced_weights import check_replaced_colours, without_pretrained
from mmmtl.configuration.load_config import load_config
from mmmtl.errors import ConfigError
from mmmtl.model_zoo.models import list_models, model_info
from mmmtl.model_zoo.weights_file import weights_file
from mmmtl.models import MultiTaskModel
from mmmtl.registry import MODELS


def init_model(
    config: str | Path | Config, checkpoint: str | Path | None = None, device: str | torch.device = 'cpu'
) -> MultiTaskModel:
    """Build the model of ``config`` in evaluation mode.

    Args:
        config: Name of a network in the model zoo, a config file, or a config from `load_config`.
        checkpoint: File with weights. Without it, a network of the model zoo has its published weights, and any other
            model its initial weights.
        device: Device of the model.

    Raises:
        ConfigError: The config is invalid or has no model.
        CheckpointError: The checkpoint is missing, unsafe to load or of a different architecture.
    """
    config, checkpoint = resolve_network(config, checkpoint)
    if not config.get('model'):
        raise ConfigError(f'{config.filename}: the config has no model; use a recipe, not a base config')
    model = MODELS.build(config.model if checkpoint is None else without_pretrained(config.model))
    if checkpoint is None:
        model.init_weights()
    else:
        check_replaced_colours(config.model, model)
        weights = read_checkpoint(checkpoint)['state_dict']
        load_weights(model, weights, checkpoint)
        print_log(f'loaded {len(weights)} of {len(model.state_dict())} tensors from {checkpoint}', 'current')
    return model.to(device).eval()


def resolve_network(
    network: str | Path | Config,
    checkpoint: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Config, str | Path | None]:
    """Return the config and the checkpoint of a network.

    Args:
        network: Name of a network in the model zoo, a config file, or a config.
        checkpoint: File with weights; replaces the published ones.
        options: Config entries to override.

    Raises:
        ConfigError: There is no such network or config file.
        CheckpointError: The published weights are missing or damaged.
    """
    if isinstance(network, Config):
        return network, checkpoint
    if str(network) not in list_models():
        return load_config(network, options), checkpoint
    model = model_info(str(network))
    return load_config(model.recipe, options), checkpoint or (weights_file(model) if model.weights else None)
