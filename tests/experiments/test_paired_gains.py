"""Relative gains seed by seed: positive where better, with t intervals; drawn and printed for the same rows."""

import math

import pytest
from metrics_files import write_metrics
from scipy import stats

from mmmtl.cli.main import main
from mmmtl.experiments.paired_gains import MEAN, draw_gains, gains_table, interval, paired_gains
from mmmtl.experiments.paired_runs import pair_runs

COMPARED = {'semseg/mIoU': True, 'depth/abs_rel': False}


@pytest.fixture
def run(tmp_path):
    """Write a run's metrics.json; returns its work dir."""

    def write(config: str, seed: int, miou: float | None, abs_rel: float | None) -> str:
        scores = {'semseg/mIoU': miou, 'depth/abs_rel': abs_rel, 'n': 1.0}
        folder = tmp_path / config / f'seed_{seed}'
        return write_metrics(folder, scores, COMPARED, seed=seed, config=f'{config}.py', recipe=config)

    return write


def gains_of(runs, metrics=()):
    return paired_gains(pair_runs(runs, metrics))


def test_gains_are_relative_to_the_same_seed_and_positive_where_better(run):
    plain = [(0.2, 0.5), (0.4, 0.2), (0.1, 0.1)]
    runs = [run('plain', seed, miou=miou, abs_rel=abs_rel) for seed, (miou, abs_rel) in enumerate(plain)]
    runs += [run('ours', seed, miou=1.1 * miou, abs_rel=0.7 * abs_rel) for seed, (miou, abs_rel) in enumerate(plain)]
    (row,) = gains_of(runs).values()
    assert list(row) == ['semseg/mIoU', 'depth/abs_rel', MEAN]
    for column, expected in (('semseg/mIoU', 10), ('depth/abs_rel', 30), (MEAN, 20)):
        assert row[column] == pytest.approx((expected, expected, expected))
    assert gains_of(runs[::-1]).keys() == {'plain'}, 'the first row is the reference'
    reordered = gains_of([runs[0], *runs[:0:-1]])
    for column, gain in row.items():
        assert reordered['ours'][column] == pytest.approx(gain), 'the order of the seeds counts'


@pytest.mark.parametrize('values', [[1.0, 3.0], [-0.5, 2.0, 0.25], [4.0, 4.5, 3.0, 5.0, 2.0]])
def test_the_interval_is_that_of_a_t_test(values):
    found = interval(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found == pytest.approx((sum(values) / len(values), expected.low, expected.high))
    p_value = stats.ttest_1samp(values, 0).pvalue
    assert (found.low > 0 or found.high < 0) == (p_value < 0.05)


def test_one_seed_has_no_interval(run):
    runs = [run('plain', 0, miou=0.2, abs_rel=0.5), run('ours', 0, miou=0.3, abs_rel=0.5)]
    gains = gains_of(runs)
    assert math.isnan(gains['ours'][MEAN].low)
    assert gains_table('plain', gains).splitlines()[2] == '| ours | +50.0 | -0.0 | +25.0 |'


def test_missing_scores_and_references_of_zero_are_left_out(run):
    runs = [run('plain', 0, miou=0.0, abs_rel=0.5), run('plain', 1, miou=0.2, abs_rel=0.5)]
    runs += [run('ours', 0, miou=0.3, abs_rel=0.4), run('ours', 1, miou=0.3, abs_rel=None)]
    row = gains_of(runs)['ours']
    assert row['semseg/mIoU'].mean == pytest.approx(50)
    assert row['depth/abs_rel'].mean == pytest.approx(20)
    assert MEAN not in row, 'the mean of different tasks'


def test_a_column_without_a_direction_has_no_gain(run):
    runs = [run('plain', 0, miou=0.2, abs_rel=0.5), run('ours', 0, miou=0.3, abs_rel=0.5)]
    assert list(gains_of(runs, ['n', 'depth/abs_rel'])['ours']) == ['depth/abs_rel', MEAN]
    gains = gains_of(runs, ['n'])
    assert not any(gains.values())
    assert gains_table('plain', gains) == ''


@pytest.mark.parametrize('seeds', [1, 3])
@pytest.mark.parametrize('suffix', ['png', 'svg'])
def test_the_figure_names_rows_and_columns(run, tmp_path, seeds, suffix):
    runs = [run('plain', seed, miou=0.2 + seed / 100, abs_rel=0.5) for seed in range(seeds)]
    runs += [run('ours', seed, miou=0.25, abs_rel=0.5 + seed / 10) for seed in range(seeds)]
    draw_gains(tmp_path / f'gains.{suffix}', 'plain', gains_of(runs))
    assert (tmp_path / f'gains.{suffix}').stat().st_size > 1000
    if suffix == 'svg':
        text = (tmp_path / 'gains.svg').read_text()
        assert all(name in text for name in ('ours', 'semseg mIoU', 'depth abs_rel', MEAN, 'gain over plain'))


def test_the_command_prints_and_draws(run, tmp_path, capsys):
    runs = [run(name, seed, miou=0.2 + seed / 100, abs_rel=0.5) for name in ('plain', 'ours') for seed in (0, 1)]
    main(['compare-runs', *runs, '--paired', '--plot', str(tmp_path / 'new' / 'gains.png')])
    assert '| ours | +0.0 (+0.0 to +0.0) | ' in capsys.readouterr().out
    assert (tmp_path / 'new' / 'gains.png').is_file()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--plot', 'gains.txt'], 'gains.txt: expected a file name that ends in .png or .pdf or .svg'),
        (['--metrics', 'n', '--plot', 'gains.png'], '--plot: whether higher is better is unknown'),
    ],
)
def test_bad_options(run, tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    runs = [run(name, 0, miou=0.2, abs_rel=0.5) for name in ('plain', 'ours')]
    with pytest.raises(SystemExit) as ended:
        main(['compare-runs', *runs, *options])
    assert ended.value.code
    assert message in capsys.readouterr().err + str(ended.value)
    assert not (tmp_path / 'gains.png').exists()
