"""Differences seed by seed: shared variation cancels, and runs that cannot be paired are an error."""

import pytest
from metrics_files import write_metrics

from mmmtl.errors import DataError
from mmmtl.experiments.paired_runs import pair_runs
from mmmtl.experiments.paired_test import paired_test


@pytest.fixture
def run(tmp_path):
    """Write a run's metrics.json; returns its work dir."""

    def write(config: str, seed: int, abs_rel: float | None) -> str:
        scores = {'depth/abs_rel': abs_rel, 'depth/rmse': 1.0}
        folder = tmp_path / config / f'seed_{seed}'
        return write_metrics(folder, scores, {'depth/abs_rel': False}, seed=seed, config=f'{config}.py', recipe=config)

    return write


def test_what_the_seeds_share_falls_out(run):
    easy_and_hard = [0.2, 0.4, 0.9]
    runs = [run('plain', seed, value) for seed, value in enumerate(easy_and_hard)]
    runs += [run('ours', seed, value - 0.1 - 0.03 * seed) for seed, value in enumerate(easy_and_hard)]
    lines = paired_test(pair_runs(runs)).splitlines()
    assert lines[0] == '| minus plain | seeds | depth abs_rel ↓ |'
    assert lines[2] == '| ours | 3 | -0.13 ± 0.017 |'  # 0.03 / sqrt(3)


def test_only_seeds_of_both_are_compared(run):
    runs = [run('plain', 0, 0.5), run('plain', 1, 0.5), run('ours', 1, 0.6), run('ours', 2, 9.0)]
    assert paired_test(pair_runs(runs)).splitlines()[2] == '| ours | 1 | +0.1 |'
    assert '+0 |' in paired_test(pair_runs(runs, ['depth/rmse'])).splitlines()[2]


def test_a_missing_number_is_left_out(run):
    runs = [run('plain', 0, 0.5), run('plain', 1, 0.5), run('ours', 0, 0.6), run('ours', 1, None)]
    assert '| +0.1 |' in paired_test(pair_runs(runs))


def test_nothing_to_pair(run):
    plain = run('plain', 0, 0.5)
    with pytest.raises(DataError, match='all runs belong to plain; add runs of a second config'):
        pair_runs([plain])
    with pytest.raises(DataError, match='ours: has no seed in common with plain'):
        pair_runs([plain, run('ours', 1, 0.5)])
