"""The attributes that every task sets."""

from typing import Any

REQUIRED_ATTRIBUTES = (
    'channels',
    'void',
    'interpolation',
    'allows_integers',
    'loss_space',
    'default_loss',
    'primary_metric',
    'higher_is_better',
)


def check_attributes(task: Any) -> None:
    """Raise TypeError if a task lacks a required attribute."""
    missing = [attribute for attribute in REQUIRED_ATTRIBUTES if not hasattr(task, attribute)]
    if missing:
        raise TypeError(f'{type(task).__name__} does not set {", ".join(missing)}; see mmmtl.tasks.Task')
