"""The table of runs: right numbers, one protocol only, and seeds that are seeds of one recipe."""

import pytest
from metrics_files import write_metrics
from mmengine.config import Config

from mmmtl.errors import DataError
from mmmtl.experiments.run_table import run_table
from mmmtl.experiments.scores import write_scores

COMPARED = {'semseg/mIoU': True, 'depth/abs_rel': False, 'normal/mean': False}


@pytest.fixture
def run(tmp_path):
    """Write a run's metrics.json; returns its work dir."""

    def write(name, scores, *, compared=COMPARED, **content):
        compared = {key: up for key, up in compared.items() if key in scores}
        return write_metrics(tmp_path / name, scores, compared, row='epoch_1.pth', **content)

    return write


def numbers(semseg, depth, normal):
    return {'semseg/mIoU': semseg, 'depth/abs_rel': depth, 'normal/mean': normal, 'depth/rmse': 2 * depth}


def rows(table):
    return {
        cells[0]: cells[1:]
        for line in table.splitlines()
        if line.startswith('|')
        for cells in [[cell.strip() for cell in line.strip('|').split('|')]]
    }


def test_mean_and_deviation_over_seeds(run):
    dirs = [run(f'a{seed}', numbers(0.5 + 0.1 * seed, 0.2, 20), seed=seed) for seed in range(3)]
    table = run_table([*dirs, run('b', numbers(0.25, 0.3, 25), config='other.py')])
    found = rows(table)
    assert found['run'] == ['seeds', 'semseg mIoU ↑', 'depth abs_rel ↓', 'normal mean ↓']
    assert found['mtan'] == ['3', '0.6 ± 0.1', '0.2 ± 0', '20 ± 0']
    assert found['other'] == ['1', '0.25', '0.3', '25']
    assert 'Protocol `nyuv2-13/mtan`' in table


def test_delta_against_single_tasks(run):
    single = [
        run('s', {'semseg/mIoU': 0.4}, config='semseg.py'),
        run('d', {'depth/abs_rel': 0.25}, config='depth.py'),
        run('n1', {'normal/mean': 19}, config='normal.py'),
        run('n2', {'normal/mean': 21}, config='normal.py', seed=1),
    ]
    multi = [run('m0', numbers(0.44, 0.2, 22)), run('m1', numbers(0.4, 0.25, 20), seed=1)]
    found = rows(run_table(multi, single))
    assert found['run'][-1] == 'Δ_MTL % ↑'
    assert found['single task'] == ['2', '0.4', '0.25', '20 ± 1.4', '–']
    assert found['mtan'][-1] == '3.333 ± 4.7'  # ((10 + 20 - 10) / 3 + 0) / 2


def test_names_and_folders_may_have_equals_signs(run, tmp_path, monkeypatch):
    (tmp_path / 'lr=0.1').mkdir()
    folder = run('lr=0.1/seed=0', numbers(0.4, 0.5, 20))
    assert list(rows(run_table([folder]))) == ['run', '---', 'mtan']
    assert list(rows(run_table([f'lr = 0.1={folder}', f'b={folder}']))) == ['run', '---', 'lr = 0.1', 'b']
    monkeypatch.chdir(tmp_path)
    assert list(rows(run_table(['lr=0.1/seed=0', 'b=lr=0.1/seed=0']))) == ['run', '---', 'mtan', 'b']
    with pytest.raises(DataError, match='^none: no such file'):
        run_table(['a=none'])


def test_columns_can_be_chosen(run):
    found = rows(run_table([run('a', numbers(0.5, 0.2, 20))], metrics=['depth/rmse', 'depth/abs_rel']))
    assert found['run'] == ['seeds', 'depth rmse', 'depth abs_rel ↓'] and found['mtan'] == ['1', '0.4', '0.2']
    with pytest.raises(DataError, match='depth/rmes: none of the runs has this metric; they have depth/abs_rel, d'):
        run_table([run('b', numbers(0.5, 0.2, 20))], metrics=['depth/rmes'])


def test_nan_scores_are_visible_in_the_table(run):
    dirs = [
        run(name, numbers(iou, 0.2, 20), seed=seed)
        for seed, (name, iou) in enumerate({'a': 0.5, 'b': None, 'c': 0.7}.items())
    ]
    assert rows(run_table(dirs))['mtan'][1] == '0.6 ± 0.14 (2 of 3)'
    assert rows(run_table(dirs[1:2]))['mtan'][1] == '–'
    single = [run('s', numbers(0.5, 0.2, 20), config='x.py')]
    with pytest.raises(DataError, match='b/metrics.json: lacks semseg/mIoU, so Delta_MTL'):
        run_table(dirs, single)


@pytest.mark.parametrize('other', ['nyud-40/sak', None])
@pytest.mark.parametrize('place', ['runs', 'single'])
def test_protocols_are_not_mixed(run, other, place):
    dirs = [run('a', numbers(0.5, 0.2, 20))], [run('b', numbers(0.5, 0.2, 20), config='b.py', protocol=other)]
    with pytest.raises(DataError, match=f'a/metrics.json follows protocol nyuv2-13/mtan, .*b/metrics.json {other}: '):
        run_table(dirs[0] + dirs[1]) if place == 'runs' else run_table(*dirs)


def test_validation_scores_are_marked_and_not_mixed_with_test_scores(run):
    test = run('a', numbers(0.5, 0.2, 20), protocol=None)
    validation = run('b', numbers(0.5, 0.2, 20), config='b.py', protocol=None, data='validation')
    assert 'Validation data, to choose settings' in run_table([validation])
    other = run('c', numbers(0.5, 0.2, 20), config='c.py', protocol=None, data='validation', data_digest='another')
    with pytest.raises(DataError, match=r'their validation data or metrics differ'):
        run_table([validation, other])
    for runs, single in ([test, validation], []), ([validation], [test]):
        with pytest.raises(DataError, match=r'\.json has scores of the (test|validation) data, .* make one table for'):
            run_table(runs, single)


def test_a_table_without_a_protocol_has_a_note(run):
    assert 'No protocol: these results may not be comparable' in run_table(
        [run('a', numbers(0.5, 0.2, 20), protocol=None)]
    )


def test_seeds_must_be_seeds_of_one_recipe(run):
    first = run('a', numbers(0.5, 0.2, 20))
    with pytest.raises(DataError, match='both are mtan with seed 0'):
        run_table([first, run('b', numbers(0.5, 0.2, 20))])
    other = run('c', numbers(0.5, 0.2, 20), seed=1, recipe='another')
    with pytest.raises(DataError, match='both are mtan, but their configs differ in more than the seed'):
        run_table([first, other])
    assert set(rows(run_table([first, f'other={other}']))) >= {'mtan', 'other'}
    assert rows(run_table([f'x={first}', f'x={other}']))['x'][0] == '2'


def test_every_task_needs_its_single_run(run):
    with pytest.raises(DataError, match='normal/mean: no single-task run has it'):
        run_table([run('a', numbers(0.5, 0.2, 20))], [run('s', {'semseg/mIoU': 0.4, 'depth/abs_rel': 1}, config='s')])


def test_runs_must_agree_in_what_stands_for_a_task(run):
    other = run('b', {'depth/rmse': 1}, config='b.py', compared={'depth/rmse': False})
    with pytest.raises(DataError, match='b/metrics.json: compares depth by depth/rmse, other runs by depth/abs_rel'):
        run_table([run('a', numbers(0.5, 0.2, 20)), other])


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        (None, r'no such file; write it with mmmtl test CONFIG CHECKPOINT --work-dir'),
        ('{', 'not a file of scores'),
        ('{"scores": {}}', 'not a file of scores'),
        ('[]', 'not a file of scores'),
        ('{"scores": {"a": {}, "b": {}}}', 'one row of scores, found 2: a, b'),
    ],
)
def test_an_invalid_file_is_an_error_that_names_it(tmp_path, text, match):
    if text is not None:
        (tmp_path / 'metrics.json').write_text(text)
    with pytest.raises(DataError, match=f'metrics.json: {match}' if text is None else match):
        run_table([str(tmp_path)])


def test_what_the_tools_write_is_what_is_read(tmp_path):
    config = Config(dict(tasks=dict(depth=dict(type='Depth')), randomness=dict(seed=3), protocol='kitti/eigen'))
    write_scores(tmp_path / 'metrics.json', {'epoch_1.pth': {'depth/abs_rel': 0.125, 'depth/rmse': 4}}, config)
    assert rows(run_table([f'mine={tmp_path}']))['mine'] == ['1', '0.125']
    write_scores(
        tmp_path / 'metrics.json',
        {'mean per pixel': {'depth/abs_rel': 0.5}, 'trained network': {'depth/abs_rel': 0.25}},
        config,
    )
    assert rows(run_table([f'mine={tmp_path}']))['mine'] == ['1', '0.25']  # what tools/demo.py writes


def test_single_task_runs_of_one_config(run):
    """As `single_task.py` makes them: one config, a task each."""
    single = [
        run(f'{measure[:3]}{seed}', {measure: value + seed}, recipe=measure, seed=seed)
        for measure, value in (('semseg/mIoU', 0.4), ('depth/abs_rel', 0.25), ('normal/mean', 19))
        for seed in (0, 1)
    ]
    assert rows(run_table([run('m', numbers(0.4, 0.25, 20))], single))['single task'][0] == '2'
    again = run('again', {'normal/mean': 5}, recipe='normal/mean', seed=1)
    with pytest.raises(DataError, match='both are mtan normal/mean with seed 1; drop one, or give different names'):
        run_table([run('n', numbers(0.4, 0.25, 20))], [*single, again])
