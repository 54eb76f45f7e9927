"""Tools are scripts beside each other: their folder goes onto the path only while a test runs."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'


@pytest.fixture(autouse=True)
def fresh_conversion() -> None:
    """Both folders of converters have a `conversion.py`; no test is served the other one."""
    sys.modules.pop('conversion', None)
    yield
    sys.modules.pop('conversion', None)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """`tool('dataset_converters/nyuv2')` imports that script."""

    def load(name: str) -> ModuleType:
        monkeypatch.syspath_prepend((TOOLS / name).parent)
        monkeypatch.delitem(sys.modules, Path(name).name, raising=False)
        return importlib.import_module(Path(name).name)

    return load
