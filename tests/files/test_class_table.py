"""Files of class names: with and without colours, as any editor saves them; every bad line is named."""

import pytest

from mmmtl.errors import DataError
from mmmtl.files.class_table import ClassTable, read_class_table

TABLE = ClassTable(('sky', 'road'), ((1, 2, 3), (4, 5, 6)), ((0, 0, 0), (9, 9, 9)))
LINES = ('sky,1,2,3', 'Void,0,0,0', 'road, 4,5,6', 'void,9,9,9')


@pytest.mark.parametrize('header', [(), ('name,red,green,blue',), ('Name,Red,Green,Blue', '')])
@pytest.mark.parametrize('ending', ['\n', '\r\n'])
@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_colours(tmp_path, header, ending, encoding):
    path = tmp_path / 'colours.csv'
    path.write_text(ending.join((*header, *LINES)), encoding=encoding, newline='')
    assert read_class_table(path) == TABLE
    assert TABLE.index_of_colour() == {(1, 2, 3): 0, (4, 5, 6): 1, (0, 0, 0): None, (9, 9, 9): None}


def test_names_only(tmp_path):
    path = tmp_path / 'classes.txt'
    path.write_text('sky\n\nroad side\nvoid\n')
    assert read_class_table(path) == ClassTable(('sky', 'road side', 'void'))


@pytest.mark.parametrize(
    ('text', 'named'),
    [
        ('', 'no classes'),
        ('name,red,green,blue\n', 'no classes'),
        ('sky\nroad,1,2,3\n', 'line 1'),
        ('sky,1,2,3\nroad,1,2\n', 'line 2'),
        ('sky,1,2,3\n\nroad,1,2,256\n', 'line 3'),
        ('sky,1,2,3\nroad,1,2,x\n', 'line 2'),
        ('sky,1,2,3\n,4,5,6\n', 'line 2'),
        ('sky\nroad\nsky\n', 'line 3'),
        ('sky,1,2,3\nvoid,1,2,3\n', 'line 2'),
    ],
)
def test_bad_lines_are_named(tmp_path, text, named):
    path = tmp_path / 'colours.csv'
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_class_table(path)
    assert str(path) in str(caught.value) and named in str(caught.value) and '\n' not in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match='classes.txt'):
        read_class_table(tmp_path / 'classes.txt')
