"""The recipes that come with mmmtl, found by name from any working folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mmengine.config.config as mmengine_config

import mmmtl

SUFFIX = '.py'


def recipes_folder() -> Path:
    """Return the folder of the recipes: ``configs/`` of a checkout, ``mmmtl/configs`` where a wheel is installed."""
    package = Path(mmmtl.__file__).parent
    shipped = package / 'configs'
    return shipped if shipped.is_dir() else package.parent / 'configs'


def find_recipe(name: str | Path) -> Path | None:
    """Return the config file of a recipe name; None if there is none.

    Args:
        name: A file, or the path of a recipe below `recipes_folder`, such as
            ``'baseline/aspp_resnet18_b8_2e_rooms_full'``. ``.py`` may be omitted, and ``configs/`` may precede it. A
            file in the working folder comes first.
    """
    return next((path for path in _candidates(Path(name)) if path.is_file()), None)


def _candidates(name: Path) -> Iterator[Path]:
    folder = recipes_folder()
    below_configs = Path(*name.parts[1:]) if name.parts[:1] == (folder.name,) else name
    for path in (name, folder / below_configs):  # folder / an absolute path is that path
        yield path
        if path.suffix != SUFFIX:
            yield path.with_name(f'{path.name}{SUFFIX}')


@contextmanager
def shipped_recipes_importable() -> Iterator[None]:
    """Let config files inherit ``from mmmtl.configs.baseline.NAME import *`` while they are read.

    MMEngine looks for such files in the package, where only a wheel has them; a checkout has them beside it.
    """
    installed_path = mmengine_config.get_installed_path

    def path_above_configs(package: str) -> str:
        return str(recipes_folder().parent) if package == mmmtl.__name__ else installed_path(package)

    mmengine_config.get_installed_path = path_above_configs
    try:
        yield
    finally:
        mmengine_config.get_installed_path = installed_path
