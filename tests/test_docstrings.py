"""Public classes and functions are documented, and no two of them have the same name."""

import importlib
import inspect
import pkgutil
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from types import ModuleType
from typing import Any

import pytest

import mmmtl
from mmmtl.extras import EXTRA_OF_MODULE

# How many names of a package may lack a docstring, and names that may still occur twice; do not add to these lists.
MAY_LACK: dict[str, int] = {}
MAY_REPEAT = {
    'as_list',
    'check_dataset',
    'describe',
    'read_calibration',
}
# names that every module of a package has, because a caller looks for them there
CONTRACTS = {'add_arguments': 'mmmtl.cli', 'run': 'mmmtl.cli', 'convert': 'mmmtl.model_converters'}
METHODS = (staticmethod, classmethod, property, cached_property)


def modules_of(package: ModuleType) -> dict[str, ModuleType]:
    """Dotted name -> module, the package itself and everything below it but modules of an extra that is missing."""
    found = {package.__name__: package}
    for name in [module.name for module in pkgutil.walk_packages(package.__path__, f'{package.__name__}.')]:
        try:
            found[name] = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in EXTRA_OF_MODULE:
                raise
    return found


def public_members(module: ModuleType) -> dict[str, Any]:
    """The public classes and functions that a module defines."""
    return {
        name: member
        for name, member in vars(module).items()
        if not name.startswith('_')
        and (inspect.isclass(member) or inspect.isfunction(member))
        and member.__module__ == module.__name__
        and member.__name__ == name  # no alias
    }


def has_own_docstring(owner: type) -> bool:
    """Whether a class has a docstring of its own; that of a dataclass or named tuple may be generated."""
    text = vars(owner).get('__doc__') or ''
    return bool(text) and not text.startswith(f'{owner.__name__}(')


def undocumented(module: ModuleType) -> Iterator[str]:
    """Yield ``module:name`` of everything public without a docstring; a method may inherit that of a base class."""
    if not module.__doc__:
        yield module.__name__
    for name, member in public_members(module).items():
        if inspect.isfunction(member):
            if not member.__doc__:
                yield f'{module.__name__}:{name}'
            continue
        if not has_own_docstring(member):
            yield f'{module.__name__}:{name}'
        for key, value in vars(member).items():
            if key.startswith('_') or not (inspect.isfunction(value) or isinstance(value, METHODS)):
                continue
            if not any(getattr(vars(base).get(key), '__doc__', None) for base in inspect.getmro(member)):
                yield f'{module.__name__}:{name}.{key}'


def repeated_names(modules: dict[str, ModuleType]) -> dict[str, list[str]]:
    """Names of public classes and functions that several modules define."""
    found = defaultdict(list)
    for module in modules.values():
        for name in public_members(module):
            if not module.__name__.startswith(CONTRACTS.get(name, '-')):
                found[name].append(module.__name__)
    return {name: where for name, where in found.items() if len(where) > 1}


@pytest.fixture(scope='module')
def modules() -> dict[str, ModuleType]:
    return modules_of(mmmtl)


def test_everything_public_has_a_docstring(modules):
    names = [name for module in modules.values() for name in undocumented(module)]
    packages = Counter(re.split('[.:]', name)[1] for name in names)
    too_many = {name for name, count in packages.items() if count > MAY_LACK.get(name, 0)}
    assert not too_many, '\n'.join(name for name in names if re.split('[.:]', name)[1] in too_many)


def test_no_two_public_classes_or_functions_have_the_same_name(modules):
    found = {name: where for name, where in repeated_names(modules).items() if name not in MAY_REPEAT}
    assert not found, '\n'.join(f'{name}: {", ".join(where)}' for name, where in found.items())


# Tests of the checks themselves, on a package with one fault of each kind.


@pytest.fixture
def faulty_package(tmp_path, monkeypatch):
    """A package of two modules; every name that begins with ``bare`` lacks a docstring."""
    folder = tmp_path / 'package_of_names'
    folder.mkdir()
    (folder / '__init__.py').write_text('"""A package."""')
    (folder / 'one.py').write_text(
        '''"""One."""
from dataclasses import dataclass
from torch import nn

class Documented(nn.Module):
    """A class."""
    def forward(self, x): ...
    def state_dict(self): ...
    def bare_method(self): ...
    @property
    def bare_property(self): ...
    @staticmethod
    def bare_static(): ...
    def _private(self): ...

class Subclass(Documented):
    """Another class."""
    def bare_method(self): ...

class BareSubclass(Documented): ...

@dataclass
class BareData:
    x: int

def bare(): ...
def _private(): ...
alias = Documented
'''
    )
    (folder / 'bare_two.py').write_text('class Subclass:\n    """A class of the same name."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    yield modules_of(importlib.import_module('package_of_names'))
    for name in [name for name in sys.modules if name.startswith('package_of_names')]:
        del sys.modules[name]


def test_missing_docstrings_are_found(faulty_package):
    found = [
        name.removeprefix('package_of_names.') for module in faulty_package.values() for name in undocumented(module)
    ]
    methods = ['Documented.bare_method', 'Documented.bare_property', 'Documented.bare_static', 'Subclass.bare_method']
    names = [*methods, 'BareSubclass', 'BareData', 'bare']
    assert found == ['bare_two', *(f'one:{name}' for name in names)]


def test_a_name_that_two_modules_define_is_found(faulty_package):
    assert repeated_names(faulty_package) == {'Subclass': ['package_of_names.bare_two', 'package_of_names.one']}
