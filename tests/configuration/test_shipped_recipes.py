"""Recipes are found by name, from any working folder."""

import pytest

from mmmtl.configuration.recipes import read_recipe
from mmmtl.configuration.shipped_recipes import find_recipe, recipes_folder
from mmmtl.errors import ConfigError

NAME = 'mtpsl/table_2'


@pytest.mark.parametrize('name', [NAME, f'{NAME}.py', f'configs/{NAME}', f'configs/{NAME}.py'])
def test_a_recipe_name_is_found_from_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_recipe(name) == recipes_folder() / f'{NAME}.py'
    assert find_recipe(tmp_path / name) is None  # an absolute path is never looked up among the recipes


@pytest.mark.parametrize('name', [NAME, f'{NAME}.py'])
def test_a_file_in_the_working_folder_has_priority(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'mtpsl').mkdir()
    (tmp_path / f'{NAME}.py').write_text('model = dict()')
    assert find_recipe(name).resolve() == tmp_path / f'{NAME}.py'


def test_rows_are_found_by_name_and_a_typo_is_an_error_with_a_suggestion(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = read_recipe(f'{NAME}::onelabel_cross_task')
    assert row.to_dict() == read_recipe(f'{recipes_folder()}/{NAME}.py::onelabel_cross_task').to_dict()
    with pytest.raises(ConfigError, match="mtpsl/tabel_2: no such config; did you mean 'mtpsl/table_2'?"):
        read_recipe('mtpsl/tabel_2::onelabel_cross_task')
