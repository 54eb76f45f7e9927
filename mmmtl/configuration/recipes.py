"""Read a recipe by its name: a config file, a shipped recipe, or a row of a table of recipes (``FILE.py::ROW``).

A table is a config file whose ``rows`` are ``{row: (recipe, change, ...)}``. The recipe is a config file or a row of
another table, relative to the table, or otherwise a shipped recipe. Each change is ``{'a.b.c': value}``; changes are
applied in order.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mmengine.config import Config

from mmmtl.configuration.child_configs import parts_replaced_in_files
from mmmtl.configuration.config_changes import apply_changes
from mmmtl.configuration.resolve_type import did_you_mean, last_line
from mmmtl.configuration.shipped_recipes import find_recipe, recipes_folder, shipped_recipes_importable
from mmmtl.errors import ConfigError

SEPARATOR = '::'


def read_recipe(name: str | Path) -> Config:
    """Read a config file, or the row of a table with its changes applied, without any further check.

    Raises:
        ConfigError: The file or row does not exist, or the file cannot be read.
    """
    return _read(str(name), ())


def _read(name: str, outer: tuple[str, ...]) -> Config:
    path, _, row = name.partition(SEPARATOR)
    path = str(_file_of(path))
    key = f'{Path(path).resolve()}{SEPARATOR}{row}'  # the same for all spellings of the path
    if key in outer:
        raise ConfigError(f'{" -> ".join([*outer, key])}: rows refer to each other in a circle')
    config = _read_file(Path(path))
    rows = config.get('rows')
    if not row:
        if rows is not None:
            raise ConfigError(
                f'{path}: is a table; use one of its rows, {path}{SEPARATOR}ROW with ROW one of {", ".join(rows)}'
            )
        return config
    if rows is None:
        raise ConfigError(f'{name}: {path} is not a table, it has no rows; remove {SEPARATOR}{row}')
    if row not in rows:
        raise ConfigError(f'{name}: no such row{did_you_mean(row, rows)}; the rows are {", ".join(rows)}')
    entry = rows[row]
    if not (
        isinstance(entry, tuple | list)
        and entry
        and isinstance(entry[0], str)
        and all(isinstance(changes, dict) for changes in entry[1:])
    ):
        raise ConfigError(f'{name}: expected (recipe, changes, ...), found {entry!r}')
    recipe, *all_changes = entry
    base = _read(_recipe_of_row(Path(path), recipe), (*outer, key))
    for changes in all_changes:
        apply_changes(base, dict(dict.items(changes)))
    # the name of the run and of the config in its work dir, in the folder that relative paths of the recipe refer to
    object.__setattr__(base, '_filename', str(Path(base.filename).with_name(f'{row}.py')))
    return base


def _recipe_of_row(table: Path, recipe: str) -> str:
    """Return the path of a recipe relative to its table, or that of a shipped recipe if there is no such file."""
    relative, shipped = table.parent / recipe, recipes_folder() / recipe
    beside, below_configs = (find_recipe(str(path).partition(SEPARATOR)[0]) for path in (relative, shipped))
    return str(shipped if beside is None and below_configs is not None else relative)


def _file_of(path: str | Path) -> Path:
    file = find_recipe(path)
    if file is None:
        known = [str(recipe.relative_to(recipes_folder()).with_suffix('')) for recipe in _files(recipes_folder())]
        raise ConfigError(f'{path}: no such config{did_you_mean(str(path), known)}')
    return file


def _read_file(path: Path) -> Config:
    try:
        with parts_replaced_in_files(), shipped_recipes_importable():
            return Config.fromfile(path, import_custom_modules=False)
    except Exception as error:  # whatever a Python file can raise
        raise ConfigError(f'{path}: {type(error).__name__}: {last_line(error)}') from error


def recipe_name(name: str | Path) -> str:
    """Return the name of a recipe's runs: the stem of its file, or ``FOLDER_FILE/ROW`` for a row of a table."""
    file, _, row = str(name).partition(SEPARATOR)
    path = Path(file)
    return f'{path.resolve().parent.name}_{path.stem}/{row}' if row else path.stem


def expand_recipes(names: Sequence[str | Path]) -> list[str]:
    """Replace each table with its rows, in order; leave recipes and rows as they are.

    Raises:
        ConfigError: A file does not exist.
    """
    return [recipe for name in names for recipe in _rows_of(str(name))]


def _rows_of(name: str) -> Iterator[str]:
    rows = None if SEPARATOR in name else _read_file(_file_of(name)).get('rows')
    return iter([name]) if rows is None else (f'{name}{SEPARATOR}{row}' for row in rows)


def all_recipes(folder: str | Path) -> list[str]:
    """Return every recipe and row below a folder, sorted by file, without ``_base_`` folders and files of changes."""
    found: list[str] = []
    for path in _files(folder):
        config = _read_file(path)
        if 'rows' in config or 'model' in config:
            found += _rows_of(str(path))
    return found


def _files(folder: str | Path) -> list[Path]:
    return sorted(path for path in Path(folder).rglob('*.py') if '_base_' not in path.parts)
