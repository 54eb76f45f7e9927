"""Sparsification: an oracle is best, chance gives the mean, ties do not depend on their order."""

import numpy as np
import pytest

from mmmtl.metrics import sparsification_area, sparsification_curve

ERROR = np.random.default_rng(0).exponential(size=1000)


@pytest.mark.parametrize('threshold', [None, 1.0])
def test_from_oracle_to_the_worst_order(threshold):
    good, none, bad = (
        sparsification_area(ERROR, confidence, threshold=threshold)
        for confidence in (-ERROR + np.random.default_rng(1).normal(size=1000), 0 * ERROR, ERROR)
    )
    values = ERROR if threshold is None else ERROR > threshold
    assert good['oracle'] < good['auc'] < none['auc'] < bad['auc'] and good['oracle'] == none['oracle']
    assert none['auc'] == pytest.approx(values.mean())
    assert sparsification_area(ERROR, -ERROR, threshold=threshold)['ause'] == 0
    assert good['ause'] == pytest.approx(good['auc'] - good['oracle'])


def test_the_curve_by_hand():
    error, confidence = np.array([3.0, 0.0, 1.0, 2.0]), np.array([0.1, 0.9, 0.5, 0.5])
    fractions, curve = sparsification_curve(error, confidence, steps=4)
    assert fractions.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.tolist() == [0, 0.75, 1.0, 1.5]  # the tie of 1 and 2 counts 1.5 each
    wrong = sparsification_curve(error, confidence, threshold=1.5, steps=4)[1]
    assert wrong.tolist() == pytest.approx([0, 0.25, 1 / 3, 0.5])


def test_order_and_scale_of_confidence_do_not_matter():
    confidence = np.round(np.random.default_rng(2).random(1000), 1)
    order = np.random.default_rng(3).permutation(1000)
    first = sparsification_curve(ERROR, confidence)[1]
    np.testing.assert_allclose(sparsification_curve(ERROR[order], confidence[order])[1], first)
    np.testing.assert_allclose(sparsification_curve(ERROR, np.exp(5 * confidence))[1], first)


@pytest.mark.parametrize('dtype', [np.uint8, np.int8, np.uint16, bool, np.float16])
def test_the_dtype_of_confidence_and_error_does_not_matter(dtype):
    error, confidence = np.array([3, 1, 0, 2]), np.array([0, 0, 1, 1])
    expected = sparsification_area(error.astype(float), confidence.astype(float), steps=4)
    assert sparsification_area(error, confidence.astype(dtype), steps=4) == expected
    assert sparsification_area(error.astype(np.uint8), confidence, steps=4) == expected


def test_without_pixels_there_is_no_number():
    assert np.isnan(sparsification_area(np.zeros(0), np.zeros(0))['auc'])
