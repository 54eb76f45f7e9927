"""Classes looked up in a table: unknown where the table says so, an error where it says nothing."""

import re

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets.label_readers.class_files import ClassColourFile, ClassIndexFile
from mmmtl.tasks import SemSeg

TASK = SemSeg('semseg', classes=['a', 'b'])
TABLE = (None, 1, 0, None)


def test_numbers_become_classes_and_void(tmp_path):
    Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8)).save(tmp_path / 'l.png')
    label = ClassIndexFile(tmp_path / 'l.png', TABLE).load(TASK)
    assert label.dtype == np.int64
    assert label.tolist() == [[255, 1], [0, 255]]
    TASK.check(label)


@pytest.mark.parametrize(
    'values',
    [
        np.array([[4]], np.uint8),
        np.array([[255]], np.uint8),
        np.array([[-1]]),
        np.array([[1.0]]),
        np.zeros((2, 2, 3), np.uint8),
    ],
)
def test_what_the_table_does_not_know_is_an_error(tmp_path, data_error, values):
    np.save(tmp_path / 'l.npy', values)
    with data_error(tmp_path / 'l.npy', 'class indices'):
        ClassIndexFile(tmp_path / 'l.npy', TABLE).load(TASK)


COLOURS = {(0, 0, 0): None, (128, 0, 0): 0, (0, 255, 7): 1}


def test_colours_become_classes_and_void(tmp_path):
    numbers = np.random.default_rng(0).integers(0, 3, (5, 7))
    raw = np.array(list(COLOURS), np.uint8)[numbers]
    indexed = Image.fromarray(numbers.astype(np.uint8))
    indexed.putpalette(np.array(list(COLOURS), np.uint8).tobytes())
    Image.fromarray(raw).save(tmp_path / 'l.png')
    np.save(tmp_path / 'l.npy', raw)
    indexed.save(tmp_path / 'p.png')
    for name in ('l.png', 'l.npy', 'p.png'):
        label = ClassColourFile(tmp_path / name, COLOURS).load(TASK)
        assert label.dtype == np.int64
        np.testing.assert_array_equal(label, np.array([255, 0, 1])[numbers])
    Image.fromarray(np.array([[0, 9]], np.uint8)).save(tmp_path / 'g.png')
    assert ClassColourFile(tmp_path / 'g.png', {(0,) * 3: 1, (9,) * 3: 0}).load(TASK).tolist() == [[1, 0]]


def test_a_colour_that_the_table_does_not_know_is_named(tmp_path, data_error):
    for colour in ((128, 0, 1), (255, 255, 255), (0, 0, 1)):
        raw = np.zeros((3, 4, 3), np.uint8)
        raw[1, 2] = colour
        Image.fromarray(raw).save(tmp_path / 'l.png')
        name = re.escape(str(colour))
        with data_error(tmp_path / 'l.png', f'colour {name} at row 1, column 2 is none of the 3'):
            ClassColourFile(tmp_path / 'l.png', COLOURS).load(TASK)
    np.save(tmp_path / 'l.npy', np.zeros((3, 4, 3), np.uint16))
    with data_error(tmp_path / 'l.npy', 'expected 8-bit RGB'):
        ClassColourFile(tmp_path / 'l.npy', COLOURS).load(TASK)
