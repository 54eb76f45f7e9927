"""The build step that pyproject.toml cannot express: the wheel holds the recipes of ``configs/``."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithRecipes(build_py):
    """Copies ``configs/`` into the wheel as ``mmmtl/configs``.

    A ``package-dir`` entry would do the same, but would turn an editable install from a plain path entry into a finder.
    """

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # reads the recipes from the checkout
            return
        shipped = Path(self.build_lib, 'mmmtl', 'configs')
        shutil.rmtree(shipped, ignore_errors=True)  # of an earlier build
        shutil.copytree('configs', shipped, ignore=shutil.ignore_patterns('__pycache__'))


setup(cmdclass={'build_py': BuildWithRecipes})
