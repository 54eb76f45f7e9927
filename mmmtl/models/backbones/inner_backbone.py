"""Build the backbone inside of another one."""

from typing import Any

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.registry import MODELS


def build_inner(config: dict[str, Any], outer: str) -> Backbone:
    """Build a backbone that another one adapts.

    Args:
        config: Config of the inner backbone.
        outer: Class of the outer one, for messages.

    Raises:
        ConfigError: The inner one is not a `Backbone`, or returns features per task.
    """
    kind = MODELS.get(config['type']) if isinstance(config['type'], str) else config['type']
    if isinstance(kind, type) and not issubclass(kind, Backbone):
        raise ConfigError(f'{outer}.backbone: {kind.__name__} is not a Backbone; derive it from mmmtl.models.Backbone')
    if isinstance(kind, type) and issubclass(kind, Backbone) and kind.needs_tasks:
        raise ConfigError(
            f'{outer}.backbone: {kind.__name__} already returns features per task; choose one that does not'
        )
    return MODELS.build(config)
