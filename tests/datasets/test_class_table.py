"""Classes looked up in a table: unknown where the table says so, an error where it says nothing."""

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets.class_table import ClassTable
from mmmtl.tasks import SemSeg

TASK = SemSeg('semseg', classes=['a', 'b'])
TABLE = (None, 1, 0, None)


def test_numbers_become_classes_and_void(tmp_path):
    Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8)).save(tmp_path / 'l.png')
    label = ClassTable(tmp_path / 'l.png', TABLE).load(TASK)
    assert label.dtype == np.int64
    assert label.tolist() == [[255, 1], [0, 255]]
    TASK.check(label)


@pytest.mark.parametrize('values', [
    np.array([[4]], np.uint8), np.array([[255]], np.uint8), np.array([[-1]]), np.array([[1.0]]),
    np.zeros((2, 2, 3), np.uint8)])
def test_what_the_table_does_not_know_is_an_error(tmp_path, data_error, values):
    np.save(tmp_path / 'l.npy', values)
    with data_error(tmp_path / 'l.npy', 'class numbers'):
        ClassTable(tmp_path / 'l.npy', TABLE).load(TASK)
