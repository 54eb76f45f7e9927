"""Recipes by name: files, rows of tables, rows that refer to rows."""

from pathlib import Path

import pytest

from mmmtl.configuration.class_names import read_class_names
from mmmtl.configuration.recipes import all_recipes, expand_recipes, read_recipe, recipe_name
from mmmtl.errors import ConfigError

TABLE = """
from torch.optim import SGD
_fast = {'optim_wrapper.optimizer.lr': 0.5}
rows = dict(
    plain=('recipe.py',),
    fast=('recipe.py', _fast),
    sgd=('recipe.py', _fast, {'optim_wrapper.optimizer': dict(type=SGD)}),
    last=('recipe.py', {'x.y': 1}, {'x.y': 2}),
    again=('table.py::last', {'z': 3}),
    round=('table.py::about',),
    about=('table.py::round',),
    odd='recipe.py',
    gone=('absent.py',),
)
"""


@pytest.fixture
def table(tmp_path) -> Path:
    (tmp_path / 'recipe.py').write_text("model = dict()\noptim_wrapper = dict(optimizer=dict(type='Adam', lr=0.1))")
    (tmp_path / 'changes.py').write_text('faster = dict(lr=1)')
    (tmp_path / 'table.py').write_text(TABLE)
    return tmp_path / 'table.py'


def test_a_row_is_its_recipe_with_the_changes_in_order(table):
    assert read_recipe(f'{table}::plain').to_dict() == read_recipe(table.with_name('recipe.py')).to_dict()
    assert read_recipe(f'{table}::fast').optim_wrapper.optimizer == dict(type='Adam', lr=0.5)
    with pytest.warns(UserWarning, match='Adam became SGD; dropped its options lr'):
        assert list(read_recipe(f'{table}::sgd').optim_wrapper.optimizer) == ['type']
    assert read_recipe(f'{table}::last').x.y == 2


def test_a_row_of_a_row(table):
    config = read_recipe(f'{table}::again')
    assert (config.x.y, config.z) == (2, 3)


def test_the_working_folder_does_not_matter(table, monkeypatch):
    expected = read_recipe(f'{table}::again').to_dict()
    monkeypatch.chdir(table.parent)
    assert read_recipe('table.py::again').to_dict() == expected
    monkeypatch.chdir('/')
    assert read_recipe(f'{table}::again').to_dict() == expected


def test_a_row_of_a_table_in_any_folder_names_a_shipped_recipe(tmp_path, monkeypatch):
    name = 'mtpsl/table_2.py::onelabel_cross_task'
    (tmp_path / 'mine.py').write_text(f"rows = dict(a=('{name}', {{'x': 1}}), b=('mtpsl/absent.py',))")
    expected = read_recipe(name).to_dict()
    for folder in (tmp_path, '/'):
        monkeypatch.chdir(folder)
        assert read_recipe(tmp_path / 'mine.py::a').to_dict() == {**expected, 'x': 1}
    with pytest.raises(ConfigError, match=r'mtpsl/absent\.py: no such config'):
        read_recipe(tmp_path / 'mine.py::b')


def test_a_file_beside_the_table_comes_before_a_shipped_recipe(table):
    (table.parent / 'baseline').mkdir()
    (table.parent / 'baseline' / 'fpn_lite0_b8_2e_rooms_full.py').write_text('model = dict(own=True)')
    table.write_text("rows = dict(x=('baseline/fpn_lite0_b8_2e_rooms_full.py',))")
    assert read_recipe(f'{table}::x').model.own


def test_names_of_runs(table):
    assert recipe_name(table.with_name('recipe.py')) == 'recipe'
    assert recipe_name(f'{table}::fast') == f'{table.parent.name}_table/fast'
    assert Path(read_recipe(f'{table}::fast').filename).name == 'fast.py'


def test_a_row_finds_the_files_beside_its_recipe(tmp_path, monkeypatch):
    folder = tmp_path / 'mine'
    folder.mkdir()
    (folder / 'names.txt').write_text('floor\nwall\n')
    (folder / 'base.py').write_text("tasks = dict(semseg=dict(type='mmmtl.SemSeg', classes='names.txt'))")
    (folder / 'table.py').write_text("rows = dict(a=('base.py',), b=('table.py::a', dict(x=1)))")
    for working_folder in (tmp_path, folder, '/'):
        monkeypatch.chdir(working_folder)
        for recipe in ('base.py', 'table.py::a', 'table.py::b'):
            config = read_recipe(folder / recipe)
            read_class_names(config)
            assert config.tasks.semseg.classes == ['floor', 'wall']


def test_tables_are_expanded(table):
    rows = [f'{table}::{row}' for row in ('plain', 'fast', 'sgd', 'last', 'again', 'round', 'about', 'odd', 'gone')]
    recipe = str(table.with_name('recipe.py'))
    assert expand_recipes([recipe, table, rows[1]]) == [recipe, *rows, rows[1]]
    assert all_recipes(table.parent) == [recipe, *rows]  # a file of changes is no recipe


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        ('', 'is a table; use one of its rows'),
        ('fsat', "no such row; did you mean 'fast'"),
        ('round', 'refer to each other in a circle'),
        ('odd', r'expected \(recipe, changes, ...\)'),
        ('gone', r'absent\.py: no such config'),
    ],
)
def test_rows_that_cannot_be_read(table, row, message):
    with pytest.raises(ConfigError, match=message):
        read_recipe(f'{table}::{row}' if row else table)


def test_a_circle_through_two_folders(tmp_path):
    for folder, other in (('a', 'b'), ('b', 'a')):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'table.py').write_text(f"rows = dict(x=('../{other}/table.py::x', {{'y': 1}}))")
    with pytest.raises(ConfigError, match='refer to each other in a circle'):
        read_recipe(tmp_path / 'a' / 'table.py::x')


def test_a_row_of_a_file_without_rows(table):
    with pytest.raises(ConfigError, match=r'recipe\.py is not a table'):
        read_recipe(f'{table.with_name("recipe.py")}::fast')
