"""The usual saliency measures: equal to the reference scores, and to what a few pixels give by hand."""

import json

import numpy as np
import pytest
from PIL import Image

from mmmtl.tasks.saliency_measures import (
    enhanced_alignment,
    f_beta,
    level_counts,
    measure_saliency,
    stretch,
    structure_measure,
    weighted_f,
)

NAMES = {'MAE': 'MAE', 'S': 'Smeasure', 'wF': 'wFmeasure', 'adpF': 'adpFm', 'adpE': 'adpEm'}


def disc(size: tuple[int, int] = (30, 40)) -> np.ndarray:
    y, x = np.mgrid[: size[0], : size[1]]
    return np.hypot(y - 14, x - 18) < 8


def test_the_reference_scores(data_root):
    folder = data_root / 'real' / 'saliency_oracle'
    versions = json.loads((folder / 'version_performance.json').read_text())
    expected = {name: value for scores in versions.values() for name, value in scores.items()}  # the newest version's
    results = []
    for file in sorted((folder / 'preds').glob('*.png')):
        grey, mask = (np.asarray(Image.open(path).convert('L')) for path in (file, folder / 'masks' / file.name))
        results.append(measure_saliency(grey / 255, mask > 128))
    assert len(results) == 3
    mean = {name: np.mean([result[name] for result in results], axis=0) for name in results[0]}
    for ours, theirs in NAMES.items():
        assert mean[ours] == pytest.approx(expected[theirs], rel=1e-9), ours
    for curve in 'FE':
        assert mean[f'{curve}_curve'].max() == pytest.approx(expected[f'max{curve}m'], rel=1e-9)
        assert mean[f'{curve}_curve'].mean() == pytest.approx(expected[f'mean{curve}m'], rel=1e-9)


def test_the_truth_is_perfect_and_its_opposite_is_not():
    truth = disc()
    best, worst = measure_saliency(truth.astype(float), truth), measure_saliency(1.0 - truth, truth)
    assert best['MAE'] == 0 and worst['MAE'] == 1
    for name in ('adpF', 'S', 'wF'):
        assert best[name] == pytest.approx(1) and worst[name] < 0.3, name
    assert best['adpE'] == pytest.approx(1, abs=1e-3) and worst['adpE'] < 0.1
    assert best['F_curve'].max() == pytest.approx(1)


@pytest.mark.parametrize('truth', [np.zeros((6, 7), bool), np.ones((6, 7), bool), np.eye(7, dtype=bool)[:1]])
@pytest.mark.parametrize('value', [0.0, 0.5, 1.0])
def test_flat_maps_and_odd_truths_are_finite(truth, value):
    scores = measure_saliency(np.full(truth.shape, value), truth)
    assert all(np.isfinite(score).all() for score in scores.values())


@pytest.mark.parametrize('value', [0.0, 0.5, 1.0])
@pytest.mark.parametrize('truth', [False, True])
def test_an_image_of_one_pixel_has_scores_from_0_to_1(truth, value):
    scores = measure_saliency(np.full((1, 1), value), np.full((1, 1), truth))
    assert all((0 <= np.asarray(score)).all() and (np.asarray(score) <= 1).all() for score in scores.values()), scores


def test_a_truth_of_one_pixel():
    truth = np.zeros((8, 8), bool)
    truth[7, 7] = True
    scores = measure_saliency(np.random.default_rng(0).random((8, 8)), truth)
    assert all(np.isfinite(score).all() for score in scores.values())


def test_levels_equal_a_loop():
    rng = np.random.default_rng(0)
    saliency, truth = rng.random((9, 11)), rng.random((9, 11)) < 0.4
    hits, misses = level_counts(saliency, truth)
    for place, level in enumerate(range(255, -1, -1)):
        chosen = np.floor(saliency * 255) >= level
        assert (hits[place], misses[place]) == ((chosen & truth).sum(), (chosen & ~truth).sum())


def test_enhanced_alignment_by_pixels():
    rng = np.random.default_rng(0)
    chosen, truth = rng.random((9, 11)) < 0.5, rng.random((9, 11)) < 0.4
    a, b = chosen - chosen.mean(), truth - truth.mean()
    expected = ((2 * a * b / (a**2 + b**2) + 1) ** 2 / 4).sum() / (truth.size - 1)
    assert enhanced_alignment((chosen & truth).sum(), (chosen & ~truth).sum(), truth) == pytest.approx(expected)


def test_f_by_hand():
    precision, recall = 6 / 8, 6 / 10
    assert f_beta(6, 2, 10) == pytest.approx(1.3 * precision * recall / (0.3 * precision + recall))
    assert f_beta(0, 0, 0) == f_beta(0, 5, 10) == 0


def test_stretch():
    np.testing.assert_allclose(stretch(np.array([0.2, 0.3, 0.4])), [0, 0.5, 1])
    np.testing.assert_array_equal(stretch(np.full(3, 0.7)), np.full(3, 0.7))


def test_errors_far_from_the_object_weigh_more():
    truth, near, far = disc(), disc().astype(float), disc().astype(float)
    near[14, 27], far[14, 39] = 1, 1
    assert not truth[14, 27] and weighted_f(far, truth) < weighted_f(near, truth) < 1


def test_structure_sees_where_and_not_only_how_much():
    truth = disc()
    moved = np.roll(truth, 12, axis=1).astype(float)
    assert structure_measure(moved, truth) < 0.6 < structure_measure(0.8 * truth + 0.1, truth)
