"""Packages are layered: a file imports only from lower layers or its own package, and there is no import cycle."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'mmmtl'

FLOORS = {
    'available_cores': 0,
    'installation': 0,
    'registry': 0,
    'errors': 0,
    'model_wrapper': 0,
    'progress': 0,
    'extras': 1,
    'geometry': 0,
    'files': 1,
    'tasks': 1,
    'structures': 1,
    'datasets': 2,
    'models': 2,
    'metrics': 2,
    'hooks': 2,
    'optim': 2,
    'visualization': 2,
    'configuration': 3,
    'synthetic_rooms': 3,
    'testing': 3,
    'predictions': 3,
    'checkpoints': 4,
    'dataset_report': 4,
    'new_project': 4,
    'engine': 5,
    'model_zoo': 5,
    'apis': 6,
    'experiments': 7,
    'export': 7,
    'pseudo_labels': 7,
    'dataset_converters': 7,
    'model_converters': 7,
    'web': 7,
    'cli': 8,
    '__main__': 9,
}
OUTSIDE = {'configs', 'tools', 'projects', 'tests', 'benchmarks'}  # they use the package, it does not know them
PURE_MATHS = {'torch', 'numpy', 'mmmtl'} | sys.stdlib_module_names  # all that geometry may import
WORDS_WITHOUT_MEANING = {'utils', 'misc', 'core', 'builder', 'common', 'helpers'}


def modules_of(package: Path) -> dict[str, Path]:
    """Dotted name -> file; a folder's `__init__.py` goes by the folder's name."""
    modules = {}
    for file in sorted(package.rglob('*.py')):
        parts = file.relative_to(package.parent).with_suffix('').parts
        modules['.'.join(parts[:-1] if parts[-1] == '__init__' else parts)] = file
    return modules


def statements(tree: ast.AST, at_load_only: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements; at_load_only leaves out what stands in functions or under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not (at_load_only and runs_later(node)):
            yield from statements(node, at_load_only)


def runs_later(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return 'TYPE_CHECKING' in ast.unparse(node.test) and not node.orelse
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def imports_of(name: str, modules: dict[str, Path], at_load_only: bool = False) -> list[str]:
    """Full dotted names that a module imports; `from a import b` gives a.b where that is a module, else a."""
    file = modules[name]
    folder = name.split('.') if file.name == '__init__.py' else name.split('.')[:-1]
    found = []
    for node in statements(ast.parse(file.read_text(encoding='utf-8')), at_load_only):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
            continue
        above = folder[: len(folder) - node.level + 1] if node.level else []
        base = '.'.join(above + ([node.module] if node.module else []))
        found += [full if (full := f'{base}.{alias.name}') in modules else base for alias in node.names]
    return list(dict.fromkeys(found))


def top_of(name: str) -> str:
    """mmmtl.models.necks.fpn -> models; the package itself -> ''."""
    return (name.split('.') + [''])[1]


def broken_floors(package: Path) -> list[str]:
    """One line per import that goes up, sideways, out of the house, or beyond pure maths in geometry."""
    modules, complaints = modules_of(package), []
    for name in modules:
        top = top_of(name)
        if top and top not in FLOORS:
            complaints.append(f'{name} stands on no floor')
            continue
        for target in imports_of(name, modules):
            root, other = target.split('.')[0], top_of(target)
            if root in OUTSIDE:
                complaints.append(f'{name} imports {target}, which uses the package')
            elif top == 'geometry' and root not in PURE_MATHS:
                complaints.append(f'{name} imports {target}: geometry is torch and numpy only')
            elif root == package.name and not may_import(top, other):
                complaints.append(f'{name} imports {target}, which is not on a floor below')
    return complaints


def may_import(top: str, other: str) -> bool:
    if top == '':
        return other in ('installation', 'registry')  # the package's own page imports nothing else
    if other == '':
        return True  # `from mmmtl import __version__`
    return top == other or FLOORS.get(other, len(FLOORS)) < FLOORS[top]


def import_loop(package: Path) -> list[str]:
    """The modules of one import loop, or nothing; only what is imported while loading counts."""
    modules = modules_of(package)
    graph = {name: [i for i in imports_of(name, modules, at_load_only=True) if i in modules] for name in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def empty_names(package: Path) -> list[str]:
    """Folders and files whose name says nothing about what is in them."""
    paths = {part for file in package.rglob('*.py') for part in [file, *file.relative_to(package).parents]}
    return sorted(str(path) for path in paths if WORDS_WITHOUT_MEANING & set(path.stem.split('_')))


def test_the_package_keeps_its_floors():
    complaints = broken_floors(PACKAGE)
    assert not complaints, '\n'.join(complaints)


def test_the_package_has_no_import_loop():
    loop = import_loop(PACKAGE)
    assert not loop, ' -> '.join(loop)


def test_every_name_of_the_package_means_something():
    names = empty_names(PACKAGE)
    assert not names, '\n'.join(names)


def test_every_folder_is_a_package():
    folders = {file.parent for file in PACKAGE.rglob('*.py')}
    bare = sorted(str(folder) for folder in folders if not (folder / '__init__.py').is_file())
    assert not bare, 'without __init__.py, so not installed:\n' + '\n'.join(bare)


# From here on: the checks fire. A small house is built for each, with one thing wrong.


@pytest.fixture
def house(tmp_path):
    """A sound package; call it with {file: text} to add to it."""

    def build(files: dict[str, str]) -> Path:
        sound = {
            '__init__.py': 'import mmmtl.registry',
            'registry.py': 'import mmengine',
            'geometry/__init__.py': '',
            'geometry/camera.py': 'import math\nimport torch.nn.functional as F',
            'tasks/__init__.py': 'from mmmtl.tasks.depth import Depth',
            'tasks/task.py': 'from mmmtl.registry import TASKS',
            'tasks/depth.py': 'from mmmtl.geometry.camera import rays\nfrom mmmtl.tasks.task import Task',
            'models/__init__.py': 'from mmmtl.models.necks import Neck',
            'models/necks/__init__.py': 'from mmmtl.models.necks.fpn import Neck',
            'models/necks/fpn.py': 'from mmmtl.models.heads import Head\nfrom mmmtl.tasks import Depth',
            'models/heads.py': 'import numpy',
            'datasets/__init__.py': '',
            'apis/__init__.py': 'from mmmtl.models import Neck\nfrom mmmtl import datasets',
        }
        for name, text in (sound | files).items():
            path = tmp_path / 'mmmtl' / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / 'mmmtl'

    return build


def test_a_valid_package_passes(house):
    package = house({})
    assert (broken_floors(package), import_loop(package), empty_names(package)) == ([], [], [])


@pytest.mark.parametrize(
    ('file', 'text'),
    [
        ('tasks/normal.py', 'from mmmtl.models.heads import Head'),  # up
        ('tasks/normal.py', 'def f():\n    from mmmtl.apis import run'),  # up, inside a function
        ('tasks/normal.py', 'from ..models import heads'),  # up, relative
        ('tasks/normal.py', 'from mmmtl import models'),  # up, by the package's name
        ('tasks/normal.py', 'if TYPE_CHECKING:\n    import mmmtl.models.heads'),  # up, for a type only
        ('models/losses.py', 'from mmmtl.datasets import Dataset'),  # sideways
        ('models/necks/deep.py', 'from ...datasets import Dataset'),  # sideways, relative
        ('registry.py', 'from mmmtl.geometry import camera'),  # sideways on the ground floor
        ('geometry/warping.py', 'import cv2'),  # beyond pure maths
        ('geometry/warping.py', 'from mmmtl.registry import MODELS'),
        ('models/losses.py', 'from tools.train import main'),  # out of the house
        ('__init__.py', 'import mmmtl.models'),  # more than the registry on page one
        ('somewhere/thing.py', ''),  # no floor
    ],
)
def test_a_broken_floor_is_reported(house, file, text):
    complaints = broken_floors(house({file: text}))
    assert len(complaints) == 1
    name = file.removesuffix('.py').replace('/', '.')
    assert complaints[0].startswith('mmmtl' if file == '__init__.py' else f'mmmtl.{name} ')


def test_a_loop_of_two_files_is_reported(house):
    loop = import_loop(house({'models/heads.py': 'from mmmtl.models.necks.fpn import Neck'}))
    assert set(loop) == {'mmmtl.models.heads', 'mmmtl.models.necks.fpn'}


def test_a_loop_through_a_folders_page_is_reported(house):
    loop = import_loop(house({'models/heads.py': 'try:\n    from mmmtl.models import Neck\nfinally:\n    pass'}))
    assert {'mmmtl.models', 'mmmtl.models.heads'} <= set(loop)


@pytest.mark.parametrize('text', ['def f():\n    {}', 'if TYPE_CHECKING:\n    {}'])
def test_an_import_that_waits_makes_no_loop(house, text):
    assert import_loop(house({'models/heads.py': text.format('from mmmtl.models.necks.fpn import Neck')})) == []


@pytest.mark.parametrize('file', ['utils/__init__.py', 'models/misc.py', 'models/core/a.py', 'models/image_utils.py'])
def test_a_name_without_meaning_is_reported(house, file):
    assert len(empty_names(house({file: ''}))) == 1
