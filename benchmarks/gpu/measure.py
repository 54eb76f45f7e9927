"""Run one measurement in this process and write its result as JSON; started by `__main__.py`."""

import argparse
import json
import math
import sys
import traceback
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from parent import end_with_parent
from results import replace_file

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]  # the other benchmarks

MODULES = {
    'device': 'kernels',
    'tests': 'gpu_tests',
    'step': 'steps',
    'cost_volume': 'kernels',
    'region_contrast': 'kernels',
    'mapping': 'kernels',
    'render': 'rooms_runs',
    'rooms': 'rooms_runs',
}
PURE_TORCH = {'kernels', 'steps'}  # they call no function of OpenCV


class AbsentOpenCV(ModuleType):
    """A placeholder for OpenCV if it is missing, so that modules that import it can be imported.

    Its constants are 0; a call of one of its functions raises ModuleNotFoundError.
    """

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)
        return 0 if name.isupper() else AbsentFunction(name)


class AbsentFunction:
    """A function or submodule of OpenCV."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args, **kwargs):
        raise ModuleNotFoundError(f'cv2.{self.name} needs OpenCV, which is not installed', name='cv2')

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)
        return AbsentFunction(f'{self.name}.{name}')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--result', type=Path, required=True, help='JSON file to write')
    parser.add_argument('--dry-run', action='store_true', help='in miniature on a CPU')
    parser.add_argument('measurement', choices=MODULES, help='name of the measurement')
    parser.add_argument('options', nargs='*', help='options of the measurement')
    args = parser.parse_args()
    end_with_parent()
    module = MODULES[args.measurement]
    if module in PURE_TORCH and find_spec('cv2') is None:
        sys.modules['cv2'] = AbsentOpenCV('cv2')
    try:
        entry = {'status': 'done', **getattr(import_module(module), args.measurement)(args.dry_run, *args.options)}
    except Exception as error:
        package = missing_package(error)
        if package:
            entry = {'status': 'skipped', 'message': f'needs {package}, which is not installed'}
        else:
            traceback.print_exc()
            entry = {'status': 'failed', 'message': f'{type(error).__name__}: {error}'[:2000]}
    replace_file(args.result, json.dumps(finite(entry), allow_nan=False))


def finite(value):
    """Replace NaN and infinity, which JSON does not have, by None."""
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def missing_package(error: BaseException | None) -> str | None:
    """Return the package whose absence caused the error; a missing module of this project is an error."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            package = error.name.partition('.')[0]
            if package not in ('mmmtl', *MODULES.values()) and (package == 'cv2' or find_spec(package) is None):
                return package
        error = error.__cause__ or error.__context__
    return None


if __name__ == '__main__':
    main()
