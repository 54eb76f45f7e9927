"""Equality of tensors, as the checks of components report it."""

import pytest
import torch

from mmmtl.testing.contract import assert_equal

INF, NAN = float('inf'), float('nan')


@pytest.mark.parametrize('values', [[1.0, NAN, INF, -INF], [1, 2], [True, False], []])
def test_equal_tensors(values):
    assert_equal(torch.tensor(values), torch.tensor(values), 'a')


@pytest.mark.parametrize(
    ('found', 'expected', 'message'),
    [
        (torch.tensor([INF]), torch.tensor([torch.finfo(torch.float32).max]), r'a: inf, expected 3\.40282e\+38'),
        (torch.tensor([0.0, 0, 0, 0, 0, 2]), torch.zeros(6), 'a: 2, expected 0'),
        (torch.tensor([NAN]), torch.zeros(1), 'a: nan, expected 0'),
        (torch.zeros(2), torch.zeros(1, 2), r'a: shape \(2,\), expected \(1, 2\)'),
        (torch.zeros(2), torch.zeros(2).double(), 'a: torch.float32, expected torch.float64'),
    ],
)
def test_what_differs_is_named(found, expected, message):
    with pytest.raises(AssertionError, match=message):
        assert_equal(found, expected, 'a')
