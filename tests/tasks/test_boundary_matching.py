"""Boundary matching: published R, P, F; a slow solver of its own; counts that must come out by hand."""

import numpy as np
import pytest
import scipy.io
from PIL import Image
from scipy.optimize import linear_sum_assignment
from skimage.morphology import thin as reference_thin

from mmmtl.tasks.boundary_matching import (
    COUNTS,
    MAX_DISTANCE,
    average_precision,
    boundary_counts,
    boundary_scores,
    f1_measure,
    image_sums,
    match_max_cardinality,
    match_min_cost,
    neighbour_links,
    precision_recall,
)

THRESHOLDS = np.arange(1, 10) / 10


def scene(seed: int, annotators: int, size: tuple[int, int] = (24, 32)) -> tuple[np.ndarray, list[np.ndarray]]:
    """A wavy line with noise, and annotators who drew it a little beside each other."""
    rng = np.random.default_rng(seed)
    strength, truths = 0.3 * rng.random(size) ** 4, [np.zeros(size, bool) for _ in range(annotators)]
    for column in range(size[1]):
        row = size[0] / 2 + 6 * np.sin(column / 5)
        strength[int(row) + rng.integers(-1, 2), column] = rng.uniform(0.3, 1)
        for truth in truths:
            truth[int(row) + rng.integers(-2, 3), column] = rng.random() < 0.9
    return strength, truths


def scattered(seed: int, annotators: int, size: tuple[int, int] = (40, 60)) -> tuple[np.ndarray, list[np.ndarray]]:
    """Single pixels far enough apart that few pairs are equally good."""
    rng = np.random.default_rng(seed)
    strength = np.where(rng.random(size) < 0.03, rng.random(size), 0)
    return strength, [rng.random(size) < 0.02 for _ in range(annotators)]


def slow_counts(
    strength: np.ndarray, truths: list[np.ndarray], thresholds: np.ndarray, max_distance: float, *, nudge: float = 0
) -> dict[str, list[int]]:
    """The definition, by full distance tables and the Hungarian method: most pairs first, then the least distance.

    ``nudge`` times a number that differs from pair to pair is added to the distances, to decide between equals.
    """
    reach = max_distance * np.sqrt(strength.shape[0] ** 2 + strength.shape[1] ** 2)
    rows = []
    for threshold in thresholds:
        edges = np.argwhere(reference_thin(strength >= threshold))
        hits, matched = 0, set()
        for truth in truths:
            marks = np.argwhere(truth)
            if len(edges) and len(marks):
                table = np.sqrt(((edges[:, None] - marks[None]) ** 2).sum(-1))
                other = nudge * np.random.default_rng(0).random(table.shape)
                cost = np.where(table <= reach, table + other, 1e6)
                pairs = [(i, j) for i, j in zip(*linear_sum_assignment(cost), strict=True) if table[i, j] <= reach]
                hits += len(pairs)
                matched |= {i for i, _ in pairs}
        rows.append((hits, sum(int(truth.sum()) for truth in truths), len(matched), len(edges)))
    return dict(zip(COUNTS, map(list, zip(*rows, strict=True)), strict=True))


@pytest.mark.parametrize('matching', ['cardinality', 'cost'])
@pytest.mark.parametrize('seed', range(4))
def test_one_annotator_equals_the_slow_solver(seed, matching):
    strength, truths = scene(seed, 1)
    ours = boundary_counts(strength, truths, THRESHOLDS, max_distance=0.06, matching=matching)
    theirs = slow_counts(strength, truths, THRESHOLDS, 0.06)
    assert {name: values.tolist() for name, values in ours.items()} == theirs
    assert 0 < theirs['edge_hit'][0] < theirs['edge'][0]  # else nothing would be told apart


@pytest.mark.parametrize('seed', range(4))
def test_several_annotators_equal_the_slow_solver(seed):
    """By minimum cost, where it has one solution only: where nudging the distances does not change the union."""
    strength, truths = scattered(seed, 3)
    slow = [slow_counts(strength, truths, THRESHOLDS, 0.08, nudge=nudge) for nudge in (1e-4, -1e-4, 0)]
    unique = np.equal(slow[0]['edge_hit'], slow[1]['edge_hit'])
    assert unique.sum() >= 4
    cost, most = (
        boundary_counts(strength, truths, THRESHOLDS, max_distance=0.08, matching=matching)
        for matching in ('cost', 'cardinality')
    )
    for name in ('truth_hit', 'truth', 'edge'):
        assert cost[name].tolist() == most[name].tolist() == slow[2][name]
    assert cost['edge_hit'][unique].tolist() == np.array(slow[2]['edge_hit'])[unique].tolist()
    assert slow[2]['edge_hit'][0] < slow[2]['edge'][0] and slow[2]['truth_hit'][0] < slow[2]['truth'][0]


@pytest.mark.parametrize('seed', range(6))
def test_matchings_are_largest_and_cheapest(seed):
    rng = np.random.default_rng(seed)
    truth, edges = rng.random((20, 20)) < 0.15, np.flatnonzero(rng.random(400) < 0.2)
    near = neighbour_links(truth, 2.3)[edges]
    near = near[np.flatnonzero(np.diff(near.indptr))]
    table = near.toarray()
    cost = np.where(table > 0, table - 1, 1e4)
    pairs = [(i, j) for i, j in zip(*linear_sum_assignment(cost), strict=True) if table[i, j] > 0]
    most, cheapest = match_max_cardinality(near, 2.3), match_min_cost(near, 2.3)
    assert len(set(most.tolist())) == len(set(cheapest.tolist())) == len(most) == len(cheapest) == len(pairs)
    again = np.where(table[cheapest] > 0, table[cheapest] - 1, 1e4)  # the rows it chose can be had at the least cost
    assert again[linear_sum_assignment(again)].sum() == pytest.approx(sum(table[i, j] - 1 for i, j in pairs))


def test_links_know_the_disk():
    truth = np.zeros((9, 9), bool)
    truth[4, 4] = truth[0, 0] = True
    links = neighbour_links(truth, 2.0).toarray().reshape(9, 9, 2)
    y, x = np.mgrid[:9, :9]
    for index, (row, column) in enumerate([(0, 0), (4, 4)]):
        distance = np.hypot(y - row, x - column)
        np.testing.assert_allclose(links[..., index], np.where(distance <= 2, 1 + distance, 0))


def test_every_pixel_is_matched_once():
    strength, truth = np.zeros((20, 20)), np.zeros((20, 20), bool)
    truth[10, 10] = True
    strength[9, 8] = strength[9, 12] = strength[12, 10] = 1  # three claim one
    counts = boundary_counts(strength, [truth], np.array([0.5]), max_distance=0.1)
    assert [counts[name].item() for name in COUNTS] == [1, 1, 1, 3]
    counts = boundary_counts(strength, [truth, truth], np.array([0.5]), max_distance=0.1, matching='cost')
    assert [counts[name].item() for name in COUNTS] == [2, 2, 1, 3]  # recall is summed, precision united


def test_strength_equal_to_a_threshold_is_above_it():
    strength, truth = np.zeros((9, 9)), np.zeros((9, 9), bool)
    strength[4, 4], truth[4, 4] = 51 / 255, True
    counts = boundary_counts(strength, [truth], np.array([0.19, 0.2, 0.21]), max_distance=0.1)
    assert counts['edge'].tolist() == counts['truth_hit'].tolist() == [1, 1, 0]


def test_the_distance_is_a_share_of_the_diagonal():
    strength, truth = np.zeros((30, 40)), np.zeros((30, 40), bool)
    truth[15, 10], strength[15, 15] = True, 1
    hit = [
        boundary_counts(strength, [truth], np.array([0.5]), max_distance=fraction)['truth_hit'].item()
        for fraction in (0.0999, 0.1)
    ]
    assert hit == [0, 1]
    assert MAX_DISTANCE == {'pascal': 0.0075, 'bsds': 0.0075, 'nyud': 0.011}


@pytest.mark.parametrize('matching', ['cardinality', 'cost'])
def test_nothing_to_match(matching):
    empty, full = np.zeros((8, 8), bool), np.eye(8, dtype=bool)
    for strength, truth in ((empty, full), (full, empty), (empty, empty)):
        counts = boundary_counts(strength.astype(float), [truth], THRESHOLDS, max_distance=0.1, matching=matching)
        assert not counts['truth_hit'].any() and not counts['edge_hit'].any()
        assert (counts['truth'] == truth.sum()).all()
    assert boundary_counts(full.astype(float), [], THRESHOLDS, max_distance=0.1)['truth'].sum() == 0


def test_scores_by_hand():
    thresholds = np.array([0.25, 0.5, 0.75])
    first = dict(truth_hit=[9, 6, 1], truth=[10] * 3, edge_hit=[9, 6, 1], edge=[18, 6, 1])  # best at 0.5
    second = dict(truth_hit=[8, 2, 1], truth=[10] * 3, edge_hit=[8, 2, 1], edge=[8, 2, 1])  # best at 0.25
    sums = [image_sums({name: np.array(values) for name, values in counts.items()}) for counts in (first, second)]
    total = {name: sums[0][name] + sums[1][name] for name in sums[0]}
    scores = boundary_scores(total, thresholds)
    precision, recall = np.array([17 / 26, 1, 1]), np.array([17, 8, 2]) / 20
    f = 2 * precision * recall / (precision + recall)
    assert scores['odsF'] == pytest.approx(f.max()) and scores['threshold'] == 0.25
    assert (scores['precision'], scores['recall']) == pytest.approx((precision[0], recall[0]))
    assert scores['oisF'] == pytest.approx(2 * (14 / 14) * (14 / 20) / (14 / 14 + 14 / 20))
    at = np.arange(0, 1.005, 0.01)
    inside = (at >= 0.1 - 1e-9) & (at <= 0.85 + 1e-9)
    falling = np.where(at <= 0.4, 1, 1 + (at - 0.4) / 0.45 * (17 / 26 - 1))
    assert scores['AP'] == pytest.approx((falling * inside).sum() * 0.01)


def test_empty_counts_are_zero_and_broken_ones_show():
    assert f1_measure(*precision_recall({name: np.zeros(3) for name in COUNTS})).tolist() == [0, 0, 0]
    assert average_precision(np.ones(3), np.full(3, 0.5)) == 0
    broken = {name: np.full(3, np.nan) for name in COUNTS} | {f'best_{name}': np.nan for name in COUNTS}
    scores = boundary_scores(broken, THRESHOLDS)
    assert all(np.isnan(scores[name]) for name in ('odsF', 'oisF', 'AP'))


def test_the_published_benchmark(data_root):
    """Five images of the BSDS benchmark with all their annotators: R, P, F of every threshold, ODS, OIS and area."""
    folder = data_root / 'real' / 'bsds500_bench'
    # 85 / 255 ties with the second threshold, which rounding lifts above it where the expected numbers come from
    thresholds = np.arange(1, 6) / 6 + 1e-9
    total: dict[str, np.ndarray] = {}
    for file in sorted((folder / 'png').glob('*.png')):
        strength = np.asarray(Image.open(file)) / 255
        cell = scipy.io.loadmat(folder / 'groundTruth' / f'{file.stem}.mat')['groundTruth'][0]
        truths = [annotator['Boundaries'][0, 0] > 0 for annotator in cell]
        sums = image_sums(boundary_counts(strength, truths, thresholds, max_distance=0.0075, matching='cost'))
        total = {name: total.get(name, 0) + value for name, value in sums.items()}
    expected = np.loadtxt(folder / 'test_2' / 'eval_bdry_thr.txt')
    precision, recall = precision_recall(total)
    ours = np.stack([recall, precision, f1_measure(precision, recall)], 1)
    np.testing.assert_allclose(ours, expected[:, 1:], atol=1e-3)
    best, r, p, f, ois_r, ois_p, ois_f, area = np.loadtxt(folder / 'test_2' / 'eval_bdry.txt')
    scores = boundary_scores(total, thresholds)
    assert (
        scores['threshold'],
        scores['recall'],
        scores['precision'],
        scores['odsF'],
        scores['oisF'],
        scores['AP'],
    ) == pytest.approx((best, r, p, f, ois_f, area), rel=1e-3)
    assert (
        total['best_truth_hit'] / total['best_truth'],
        total['best_edge_hit'] / total['best_edge'],
    ) == pytest.approx((ois_r, ois_p), rel=1e-3)
