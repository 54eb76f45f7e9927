"""Colours of maps: values that are not finite change neither the range nor the colours of the others."""

import warnings

import numpy as np
import pytest

from mmmtl.tasks import Confidence, Depth, Disparity, Edge, Saliency
from mmmtl.tasks.colours import percentile_range

TASKS = [Depth('depth'), Disparity('disparity'), Confidence('confidence'), Edge('edge'), Saliency('saliency')]


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('task', TASKS, ids=lambda task: task.name)
def test_a_value_that_is_not_finite_changes_no_other_pixel(task, bad):
    values = np.linspace(0.05, 0.95, 200, dtype=np.float32).reshape(10, 20)
    undamaged = task.display.draw(values)
    damaged = values.copy()
    damaged[:, 10] = bad  # 5 % of the pixels
    clean = np.delete(damaged, 10, axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # NumPy warns when NaN is cast to an integer
        drawn = task.display.draw(damaged)
    assert drawn.shape == undamaged.shape and drawn.dtype == np.uint8
    np.testing.assert_array_equal(np.delete(drawn, 10, axis=1), task.display.draw(clean))


def test_the_range_is_that_of_known_finite_values_or_0_to_1():
    values = np.array([[0.0, 1.0, 2.0, np.inf, np.nan]])
    assert percentile_range(values, values > 0) == pytest.approx((1.02, 1.98))
    assert percentile_range(values, values > 9) == (0, 1)
