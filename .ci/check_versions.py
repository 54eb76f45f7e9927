"""Install mmmtl with the lowest and the newest allowed versions, and run the tests that depend on them.

    .ci/check_versions.py [--only lowest|newest] [--python python3.11 python3.13] [--keep DIR]

Each environment is made from nothing: a virtual environment, this checkout, its requirements from the package index.
``lowest`` pins every requirement with a lower bound to it and takes the oldest Python; ``newest`` takes what pip takes,
with every Python given. An environment has about 6 GB and is removed afterwards.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOWEST_PYTHON = 'python3.11'
# torch's companion has no bound of its own: each release fits one release of torch
COMPANIONS = {'torch==2.6': 'torchvision==0.21'}
TESTS = (
    'tests/tools/test_demo.py',
    'tests/tools/test_train_and_test.py',
    'tests/tools/test_resume.py',
    'tests/test_extras.py',
    'tests/checkpoints',
    'tests/geometry',
    'tests/hooks',
    'tests/metrics',
    'tests/models',
    'tests/optim',
    'tests/tasks',
)


def main() -> None:
    """Try every environment; exit code 1 if one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', choices=('lowest', 'newest'))
    parser.add_argument('--python', nargs='+', default=available_pythons(), help='for the newest versions')
    parser.add_argument('--keep', type=Path, metavar='DIR', help='make the environments here and keep them')
    args = parser.parse_args()
    environments = {'lowest': (LOWEST_PYTHON, lowest_versions())}
    environments |= {f'newest-{Path(python).name}': (python, []) for python in args.python}
    failed = []
    for name, (python, pins) in environments.items():
        if args.only and not name.startswith(args.only):
            continue
        folder = (args.keep or Path(tempfile.mkdtemp(prefix='mmmtl-'))) / name
        try:
            try_environment(folder, python, pins)
        except subprocess.CalledProcessError as error:
            failed.append(name)
            print(f'{name}: failed: {" ".join(map(str, error.cmd))}', flush=True)
        else:
            print(f'{name}: passed', flush=True)
        if not args.keep:
            shutil.rmtree(folder.parent, ignore_errors=True)
    sys.exit(1 if failed else 0)


def available_pythons() -> list[str]:
    """Return the supported Pythons of this machine that start."""
    return [f'python3.{minor}' for minor in (11, 12, 13) if starts(f'python3.{minor}')]


def starts(python: str) -> bool:
    """Return whether a Python is there; a launcher without an interpreter behind it is not."""
    return shutil.which(python) is not None and subprocess.run([python, '-V'], capture_output=True).returncode == 0


def lowest_versions() -> list[str]:
    """Return ``package==VERSION`` for every requirement with a lower bound, and the companions."""
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    bounds = [re.match(r'([\w-]+)>=([\w.]+)', requirement) for requirement in project['dependencies']]
    pins = [f'{bound[1]}=={bound[2]}' for bound in bounds if bound]
    return [*pins, *(companion for pin, companion in COMPANIONS.items() if pin in pins)]


def try_environment(folder: Path, python: str, pins: list[str]) -> None:
    """Make an environment, print its versions and run the tests.

    Raises:
        subprocess.CalledProcessError: It cannot be installed, or a test fails.
    """
    print(f'{folder.name}: {python} {" ".join(pins)}', flush=True)
    subprocess.run([python, '-m', 'venv', folder], check=True)
    inside = folder / 'bin' / 'python'
    shutil.rmtree(ROOT / 'build', ignore_errors=True)  # what an earlier build left would go into the wheel
    subprocess.run([inside, '-m', 'pip', 'install', '-qq', f'{ROOT}[test]', *pins], check=True)
    versions = "import importlib.metadata as m, sys; print(sys.version.split()[0], *(f'{p} {m.version(p)}' for p in "
    versions += "('torch', 'torchvision', 'numpy', 'timm', 'onedl-mmengine', 'onedl-mmcv')))"
    subprocess.run([inside, '-c', versions], check=True)
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'} | {'OMP_NUM_THREADS': '1'}
    subprocess.run(
        [inside, '-m', 'pytest', '-n', 'auto', '--maxprocesses', '4', '--dist', 'loadfile', *TESTS],
        check=True,
        cwd=ROOT,
        env=environment,
    )


if __name__ == '__main__':
    main()
