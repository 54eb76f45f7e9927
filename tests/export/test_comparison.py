"""Differences between an exported network and its original."""

import numpy as np
import pytest
import torch

from mmmtl.export.comparison import largest_differences
from mmmtl.tasks import Depth, Normal, SemSeg

SEMSEG, DEPTH, NORMAL = SemSeg('semseg', classes=('a', 'b', 'c')), Depth('depth'), Normal('normal')


def difference(task, values: torch.Tensor, found: np.ndarray) -> float:
    return largest_differences({'task': task}, {'task': values}, {'task': found})['task']


def test_a_class_counts_by_its_probability():
    values = torch.tensor([0.5, 0.3, 0.2]).view(1, 3, 1, 1)
    for index, expected in enumerate((0, 0.2, 0.3)):
        assert difference(SEMSEG, values, np.full((1, 1, 1, 1), index, np.uint8)) == pytest.approx(expected)
    assert difference(SEMSEG, values, np.full((1, 1, 1, 1), 3, np.uint8)) == np.inf


def test_depth_is_relative_and_normals_are_not():
    depth = torch.tensor([[[[2.0, 10.0]]]])
    assert difference(DEPTH, depth, depth.numpy() + np.float32(0.2)) == pytest.approx(0.1)
    normal = torch.tensor([0.0, 0.6, -0.8]).view(1, 3, 1, 1)
    assert difference(NORMAL, normal, normal.numpy() + np.float32(0.1)) == pytest.approx(0.1)


def test_what_is_not_finite_or_of_another_shape_is_infinitely_far():
    depth = torch.ones(1, 1, 2, 2)
    assert difference(DEPTH, depth, np.full((1, 1, 2, 2), np.nan, np.float32)) == np.inf
    assert difference(DEPTH, depth, np.ones((1, 1, 2, 3), np.float32)) == np.inf
