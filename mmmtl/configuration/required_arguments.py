"""Check that the datasets of a config have every required argument."""

import inspect
from collections.abc import Iterator, Mapping

from mmengine.config import Config

from mmmtl.configuration.config_check import DATALOADERS
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.errors import ConfigError


def check_dataset_arguments(config: Config) -> None:
    """Check the datasets of all data loaders, and the parts of those that have several.

    Raises:
        ConfigError: An argument without default is missing; the message names it.
    """
    for name in DATALOADERS:
        dataset = (config.get(name) or {}).get('dataset')
        for path, part in _parts(f'{name}.dataset', dataset) if isinstance(dataset, Mapping) else ():
            kind = resolve_type(part['type'], f'{path}.type')
            missing = [
                parameter.name
                for parameter in inspect.signature(kind).parameters.values()
                if parameter.default is parameter.empty
                and parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
                and parameter.name not in part
            ]
            if missing:
                raise ConfigError(f'{path}.{missing[0]}: {kind.__name__} needs it; add it to the config')


def _parts(path: str, dataset: Mapping) -> Iterator[tuple[str, Mapping]]:
    yield path, dataset
    for name, part in dataset.get('parts', {}).items():
        if isinstance(part, Mapping):
            yield from _parts(f'{path}.parts.{name}', part)
