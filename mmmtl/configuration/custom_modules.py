"""Import the modules that a config lists in ``custom_imports``, so that the names they register can be resolved."""

import warnings
from collections.abc import Mapping
from contextlib import suppress

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from mmmtl.errors import ConfigError


def import_custom_modules(config: Mapping | Config) -> None:
    """Import the modules of ``custom_imports``; MMEngine does so only for configs without Python imports.

    Raises:
        ConfigError: A module cannot be imported, or ``custom_imports`` has a different form.
    """
    custom_imports = config.get('custom_imports') or {'imports': []}
    try:
        import_modules_from_strings(**custom_imports)
    except ImportError as error:
        raise ConfigError(
            f'custom_imports: {error.__context__ or error}; put the folder that holds the package on PYTHONPATH'
        ) from error
    except TypeError:
        raise ConfigError(f"custom_imports: expected dict(imports=['a.b']), found {custom_imports}") from None


def import_available_modules(config: Mapping) -> None:
    """Import the available modules of ``custom_imports`` while config files are still being read.

    `import_custom_modules` reports failures once the whole config has been read.
    """
    custom_imports = config.get('custom_imports')
    if isinstance(custom_imports, Mapping) and custom_imports.get('imports'):
        with warnings.catch_warnings(), suppress(TypeError):
            warnings.simplefilter('ignore')
            import_modules_from_strings(custom_imports['imports'], allow_failed_imports=True)
