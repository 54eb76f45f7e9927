"""Looking up converted values gives the result of converting each of them."""

import numpy as np
import pytest

from mmmtl.files.value_table import map_values

CONVERSIONS = {
    'metres': lambda raw: np.where(raw == 0, 0, raw.astype(np.float32) / 256),
    'fractions': lambda raw: raw.astype(np.float64) * (1 / 3) - 1,
    'classes': lambda raw: raw.astype(np.int64) - 1,
    'bytes': lambda raw: (255 - raw.astype(np.int64)).astype(np.uint8),
    'mask': lambda raw: raw > 100,
}


@pytest.mark.parametrize('name', CONVERSIONS)
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.int32, np.float32])
@pytest.mark.parametrize('shape', [(0,), (3, 5), (300, 301), (40, 50, 3), (3, 150, 160), (1, 70_000)])
def test_results_are_those_of_the_function(name, dtype, shape):
    raw = np.random.default_rng(0).integers(0, 256 if dtype == np.uint8 else 40_000, shape).astype(dtype)
    before = raw.copy()
    for values in (raw, raw[..., ::-1], raw[1:] if len(raw) > 1 else raw):
        expected, found = CONVERSIONS[name](values), map_values(CONVERSIONS[name], values)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected, strict=True)
    np.testing.assert_array_equal(raw, before)


@pytest.mark.parametrize(('dtype', 'count'), [(np.uint8, 256), (np.uint16, 65536)])
def test_large_images_are_converted_by_a_table(dtype, count):
    sizes = []

    def convert(values):
        sizes.append(values.size)
        return values.astype(np.float32)

    map_values(convert, np.zeros((300, 300), dtype))
    map_values(convert, np.zeros((5, 5), dtype))
    assert sizes == [count, 25]
