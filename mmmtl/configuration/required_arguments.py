"""Check that the data loaders of a config have datasets, and that these have every required argument."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config

from mmmtl.configuration.config_check import DATALOADERS
from mmmtl.configuration.resolve_type import resolve_type
from mmmtl.errors import ConfigError


def check_dataset_arguments(config: Config) -> None:
    """Check the datasets of all data loaders, and the parts of those that have several.

    Raises:
        ConfigError: A dataset or a part is not a dict with a type, or an argument without default is missing; the
            message names it.
    """
    for name in DATALOADERS:
        if not config.get(name):
            continue
        for path, part in _parts(f'{name}.dataset', config[name].get('dataset')):
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


def _parts(path: str, dataset: Any) -> Iterator[tuple[str, Mapping]]:
    if not isinstance(dataset, Mapping) or 'type' not in dataset:
        raise ConfigError(f'{path}: expected dict(type=...), found {dataset!r}')
    yield path, dataset
    parts = dataset.get('parts', {})
    if not isinstance(parts, Mapping):
        raise ConfigError(f'{path}.parts: expected a dict of datasets, found {parts!r}')
    for name, part in parts.items():
        yield from _parts(f'{path}.parts.{name}', part)
