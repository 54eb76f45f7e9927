"""Label settings that are given: the published tables are there and true, a wrong table is refused."""

import json
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from mmmtl.datasets import LabelFile, LabelList, Record, View
from mmmtl.errors import ConfigError, DataError

TASKS = ('semseg', 'depth', 'normal')
PASCAL = ('semseg', 'human_parts', 'saliency', 'normal', 'edge')


def records(*names: str, known: tuple[str, ...] = TASKS) -> list[Record]:
    return [Record(name, (View(Path('image'), {task: LabelFile(Path(task)) for task in known}),)) for name in names]


@pytest.fixture
def table(tmp_path):
    def write(**content) -> str:
        (tmp_path / 'table.json').write_text(json.dumps(content))
        return str(tmp_path / 'table.json')

    return write


# table -> records, tasks, how many images show each task
PUBLISHED = {
    'nyuv2_onelabel': (795, TASKS, (265, 265, 265)),
    'nyuv2_randomlabels': (795, TASKS, (392, 408, 385)),
    'cityscapes_onelabel': (2975, TASKS[:2], (1487, 1488)),
    'pascal_onelabel': (4998, PASCAL, (1000, 999, 1000, 1000, 999)),
    'pascal_randomlabels': (4998, PASCAL, (2450, 847, 2445, 2480, 2557)),
}


def test_the_published_tables_are_in_the_package():
    there = {Path(str(file)).stem for file in (files('mmmtl') / 'datasets' / 'label_splits').iterdir()}
    assert there == set(PUBLISHED)


@pytest.mark.parametrize('name', PUBLISHED)
def test_the_published_tables(name):
    count, tasks, expected = PUBLISHED[name]
    setting = LabelList(name)
    names = [str(number) for number in range(count)]
    if isinstance(setting.labelled, dict):
        names = sorted(set().union(*map(set, setting.labelled.values())))
    shown = setting.shown(records(*names, known=tasks), tasks)
    assert len(shown) == count and all(shown)
    assert tuple(Counter(task for row in shown for task in row)[task] for task in tasks) == expected
    assert ({len(row) for row in shown} == {1}) == name.endswith('onelabel')


def test_the_first_published_rows():
    assert LabelList('nyuv2_onelabel').shown(records(*map(str, range(795))), TASKS)[:6] == [
        ('semseg',),
        ('normal',),
        ('normal',),
        ('normal',),
        ('normal',),
        ('depth',),
    ]


def test_tables_by_row_and_by_name(table):
    rows = table(tasks=['depth', 'semseg', 'normal'], labelled=['110', '001', '000'])
    expected = [('semseg', 'depth'), ('normal',), ()]
    assert LabelList(rows).shown(records('a', 'b', 'c'), TASKS) == expected
    names = table(labelled={'semseg': ['a'], 'depth': ['a'], 'normal': ['b']})
    assert LabelList(names).shown(records('a', 'b', 'c'), TASKS) == expected
    assert LabelList(names).shown(records('c', 'b', 'a'), TASKS) == expected[::-1]


def test_what_is_not_learnt_or_not_there_is_left_out(table):
    names = table(labelled={'semseg': ['a'], 'depth': ['a', 'b'], 'normal': []})
    assert LabelList(names).shown(records('a', 'b'), ('depth',)) == [('depth',), ('depth',)]
    assert LabelList(names).shown(records('a', 'b', known=('depth',)), ('semseg', 'depth')) == [('depth',), ('depth',)]


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        (dict(tasks=TASKS, labelled=['100']), 'has 1 rows, but the split has 2 images'),
        (dict(tasks=TASKS, labelled=['100', '10']), "row 1 is '10', expected 3 digits 0 or 1"),
        (dict(tasks=TASKS, labelled=['100', '102']), "row 1 is '102'"),
        (
            dict(labelled=dict.fromkeys(TASKS, ['a', 'x', 'y'])),
            '2 of the 3 images with semseg are not in the split, the first is x',
        ),
        (dict(labelled=['100', '100']), 'expected a list of labels'),
        (dict(tasks=TASKS), 'expected a list of labels'),
        (dict(labelled=dict.fromkeys(TASKS, 'a')), 'labelled must hold lists of strings'),
        (dict(tasks=TASKS, labelled='100'), 'labelled must hold lists of strings'),
        (dict(tasks=TASKS, labelled=3), 'labelled must hold lists of strings'),
        (dict(tasks=TASKS, labelled=[100, 100]), 'labelled must hold lists of strings'),
        (dict(tasks=[['semseg']], labelled=['1', '0']), 'labelled must hold lists of strings'),
        (dict(labelled=dict.fromkeys(TASKS, [['a']])), 'labelled must hold lists of strings'),
    ],
)
def test_a_table_of_another_split_is_refused(table, content, problem):
    path = table(**content)
    with pytest.raises(DataError) as caught:
        LabelList(path).shown(records('a', 'b'), TASKS)
    assert problem in str(caught.value) and path in str(caught.value) and '\n' not in str(caught.value)


def test_a_task_that_the_table_does_not_know_is_refused(table):
    path = table(labelled={'semseg': ['a']})
    with pytest.raises(ConfigError, match='has no entry for depth, normal, only for semseg'):
        LabelList(path).shown(records('a'), TASKS)


@pytest.mark.parametrize('name', ['nyuv2_two', 'nowhere/table.json'])
def test_a_table_that_is_not_there(name):
    with pytest.raises(ConfigError, match=r'LabelList\.file'):
        LabelList(name)


def test_a_damaged_table(tmp_path):
    (tmp_path / 'table.json').write_text('{"labelled": [')
    with pytest.raises(DataError, match='expected a list of labels'):
        LabelList(str(tmp_path / 'table.json'))
