"""Recipes by name, from any folder."""

import pytest

from mmmtl.configuration.recipes import read_recipe
from mmmtl.configuration.shipped_recipes import find_recipe, recipes_folder
from mmmtl.errors import ConfigError

NAME = 'mtpsl/table_2'


@pytest.mark.parametrize('name', [NAME, f'{NAME}.py', f'configs/{NAME}', f'configs/{NAME}.py'])
def test_a_name_from_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_recipe(name) == recipes_folder() / f'{NAME}.py'
    assert find_recipe(tmp_path / name) is None  # an absolute path is that file alone


@pytest.mark.parametrize('name', [NAME, f'{NAME}.py'])
def test_a_file_of_ones_own_comes_first(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'mtpsl').mkdir()
    (tmp_path / f'{NAME}.py').write_text('model = dict()')
    assert find_recipe(name).resolve() == tmp_path / f'{NAME}.py'


def test_rows_and_mistakes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = read_recipe(f'{NAME}::onelabel_cross_task')
    assert row.to_dict() == read_recipe(f'{recipes_folder()}/{NAME}.py::onelabel_cross_task').to_dict()
    with pytest.raises(ConfigError, match="mtpsl/tabel_2: no such config; did you mean 'mtpsl/table_2'?"):
        read_recipe('mtpsl/tabel_2::onelabel_cross_task')
