"""Build a sub-part from a dict of options that has no ``type``."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mmmtl.errors import ConfigError

Built = TypeVar('Built')


def build_nested(part: Callable[..., Built], options: Mapping[str, Any], key: str, **given: Any) -> Built:
    """Call a class with options from a config.

    Args:
        part: The class.
        options: Its keyword arguments.
        key: Name of the option that holds them, for messages.
        given: Further arguments, which the config cannot set.

    Raises:
        ConfigError: The class does not take one of the options, or needs another one.
    """
    parameters = inspect.signature(part).parameters
    known = {name: parameter for name, parameter in parameters.items() if name not in given}
    if unknown := sorted(set(options) - set(known)):
        raise ConfigError(f'{key} has no option {", ".join(unknown)}; it takes {", ".join(known)}')
    required = [name for name, parameter in known.items() if parameter.default is inspect.Parameter.empty]
    if missing := [name for name in required if name not in options]:
        raise ConfigError(f'{key} needs {", ".join(missing)}')
    return part(**options, **given)
