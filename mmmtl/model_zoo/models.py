"""The entries of the model zoo, read from the metafiles beside the recipes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mmmtl.configuration.shipped_recipes import find_recipe, recipes_folder
from mmmtl.errors import ConfigError

METAFILE = 'metafile.yml'


@dataclass(frozen=True)
class ModelInfo:
    """One network of the model zoo.

    Args:
        name: Its name, unique in the zoo.
        about: Description of its predictions and its training data, in one sentence.
        recipe: Name of its recipe, or of a row of a table: ``FILE.py::ROW``.
        command: The command that trains it.
        data: Data that the scores are measured on.
        scores: ``{task/metric: value}``, with the number of seeds in ``seeds``.
        seeds: Number of runs that the scores are the mean of.
        time: Wall-clock time of a training run.
        memory: Peak memory of a training run.
        hardware: Hardware of the training run.
        weights: File in `mmmtl/model_zoo/weights`, a URL, or None if no weights are published.
        sha256: Checksum of the weights.
    """

    name: str
    about: str
    recipe: str
    command: str
    data: str
    scores: Mapping[str, float]
    time: str
    memory: str
    hardware: str
    seeds: int = 1
    weights: str | None = None
    sha256: str | None = None
    file: Path = field(default=Path(), compare=False)


def list_models(pretrained: bool = False) -> list[str]:
    """Return the names of the networks in the model zoo.

    Args:
        pretrained: Only those whose weights are published.
    """
    return [name for name, model in _models().items() if model.weights or not pretrained]


def model_info(name: str) -> ModelInfo:
    """Return an entry of the model zoo.

    Raises:
        ConfigError: There is no network of this name.
    """
    models = _models()
    if name not in models:
        raise ConfigError(f'{name}: not in the model zoo, which has {", ".join(models)}')
    return models[name]


@cache
def _models() -> dict[str, ModelInfo]:
    return by_name(entry for file in sorted(recipes_folder().glob(f'*/{METAFILE}')) for entry in read_metafile(file))


def by_name(entries: Iterable[ModelInfo]) -> dict[str, ModelInfo]:
    """Return ``{name: entry}``.

    Raises:
        ConfigError: Two entries have one name.
    """
    models: dict[str, ModelInfo] = {}
    for entry in entries:
        if entry.name in models:
            raise ConfigError(f'{entry.file}: model {entry.name} is in {models[entry.name].file} too; rename one')
        models[entry.name] = entry
    return models


def read_metafile(file: Path) -> list[ModelInfo]:
    """Read the entries of a metafile.

    Raises:
        ConfigError: The file is damaged, or an entry lacks a key, has an unknown one or names a missing recipe.
    """
    try:
        content: Any = yaml.safe_load(file.read_text(encoding='utf-8'))
        entries = content['models']
    except (OSError, yaml.YAMLError, TypeError, KeyError) as error:
        raise ConfigError(f"{file}: expected a list 'models' in YAML ({type(error).__name__}: {error})") from None
    known = {item.name for item in fields(ModelInfo)} - {'file'}
    optional = {'seeds', 'weights', 'sha256'}
    for index, entry in enumerate(entries):
        missing, unknown = known - optional - entry.keys(), entry.keys() - known
        if missing or unknown:
            raise ConfigError(
                f'{file}: model {entry.get("name", index)}: '
                + ', '.join(
                    [*(f'lacks {key}' for key in sorted(missing)), *(f'unknown {key}' for key in sorted(unknown))]
                )
            )
        if bool(entry.get('weights')) != bool(entry.get('sha256')):
            raise ConfigError(f'{file}: model {entry["name"]}: weights and sha256 belong together; give both or none')
        if find_recipe(entry['recipe'].partition('::')[0]) is None:
            raise ConfigError(f'{file}: model {entry["name"]}: there is no recipe {entry["recipe"]}')
    return [ModelInfo(**entry, file=file) for entry in entries]
