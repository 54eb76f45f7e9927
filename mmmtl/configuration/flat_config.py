"""Write a recipe as one flat text config, for projects whose configs use ``_base_`` and string names."""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.runner import Runner

from mmmtl.configuration.load_config import TOP_LEVEL


def flat_text(config: Config, tidy: bool = True) -> str:
    """Return a loaded config as Python text without imports and base files.

    Classes and functions become strings, their import paths. The text can be loaded by `load_config` and by MMEngine's
    ``Config.fromfile``, and can be the ``_base_`` of other text configs; ``import mmmtl`` registers its names.

    Args:
        config: From `load_config`.
        tidy: Format the text, which takes about a second.
    """
    runner_keys = {*inspect.signature(Runner).parameters, *TOP_LEVEL} - {'cfg'}
    return Config(
        {key: _to_text(value) for key, value in config.items() if key in runner_keys}, format_python_code=tidy
    ).pretty_text


def _to_text(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_to_text(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return f'{value.__module__}.{value.__qualname__}' if callable(value) else value
