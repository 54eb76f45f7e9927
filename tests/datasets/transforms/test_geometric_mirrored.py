"""Horizontally flipped arrays are copies with every value."""

import numpy as np
import pytest

from mmmtl.datasets.transforms.geometric import mirrored


@pytest.mark.parametrize('dtype', [np.uint8, np.int16, np.int32, np.int64, np.float32, np.float64, bool])
@pytest.mark.parametrize('shape', [(7, 9), (7, 9, 1), (7, 9, 3), (7, 9, 6), (0, 9), (1, 1)])
def test_mirrored_arrays_of_every_type(dtype, shape):
    array = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    for given in (array, array[1:5, 2:8], array[:, ::-1]):
        before = given.copy()
        found = mirrored(given)
        np.testing.assert_array_equal(found, given[:, ::-1], strict=True)
        assert found.flags.c_contiguous and not np.shares_memory(found, given)
        np.testing.assert_array_equal(given, before)
