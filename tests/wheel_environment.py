"""An environment with a wheel of mmmtl installed, as on a machine without a checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ('mmmtl', 'configs', 'setup.py', 'pyproject.toml', 'README.md', 'LICENSE', 'MANIFEST.in')


def build_wheel(folder: Path) -> Path:
    """Build a wheel from a copy of the checkout, where no earlier build has left anything."""
    source = folder / 'source'
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy(ROOT / name, source)
    build = f'import setuptools.build_meta as build; build.build_wheel({str(folder)!r})'
    subprocess.run([sys.executable, '-c', build], cwd=source, check=True, capture_output=True)
    shutil.rmtree(source)
    (wheel,) = folder.glob('*.whl')
    return wheel


@dataclass(frozen=True)
class WheelEnvironment:
    """A virtual environment with nothing but the wheel; its requirements are those of the running environment.

    Args:
        folder: The virtual environment.
        cache: ``MMMTL_CACHE`` of its processes.
    """

    folder: Path
    cache: Path

    def create(self, wheel: Path) -> 'WheelEnvironment':
        """Make the environment and install the wheel into it."""
        subprocess.run([sys.executable, '-m', 'venv', self.folder], check=True)
        python = self.folder / 'bin' / 'python'
        subprocess.run(
            [python, '-m', 'pip', 'install', '--quiet', '--no-deps', '--no-index', wheel],
            check=True,
            env=self.variables,
        )
        (site_packages,) = self.folder.glob('lib/python*/site-packages')
        # a plain path, so that the .pth files there, an editable mmmtl among them, are not read
        (site_packages / 'requirements.pth').write_text(sysconfig.get_path('purelib') + '\n')
        return self

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables without those that lead to a checkout or to data."""
        kept = {name: value for name, value in os.environ.items() if name not in ('PYTHONPATH', 'MMMTL_DATA')}
        return kept | {'MMMTL_CACHE': str(self.cache), 'OMP_NUM_THREADS': '1'}

    def run(self, program: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess:
        """Run a program of the environment, such as ``mmmtl`` or ``python``, in a folder."""
        command = [str(self.folder / 'bin' / program), *map(str, arguments)]
        return subprocess.run(command, cwd=folder, env=self.variables, capture_output=True, text=True, check=False)
