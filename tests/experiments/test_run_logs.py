"""Logs of runs: what a real run writes, resumed runs, damaged files, the table and the curves."""

import json
from pathlib import Path

import pytest
from PIL import Image
from tiny_run import tiny_run

from mmmtl.cli.main import main
from mmmtl.errors import DataError
from mmmtl.experiments.log_curves import log_table
from mmmtl.experiments.run_logs import choose_keys, metric_directions, read_curves


def write(folder: Path, *records: dict, time: str = '1', end: str = '\n') -> Path:
    file = folder / time / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text('\n'.join(map(json.dumps, records)) + end)
    return folder


def step(number: int, **values: float) -> dict:
    return {'lr': 0.1, 'time': 1.0, **values, 'epoch': number, 'iter': number, 'step': number}


def test_a_real_run(tmp_path, rooms_cache):
    tiny_run(tmp_path, train_cfg__max_epochs=3, train_cfg__val_interval=2).train()
    curves = read_curves(tmp_path)
    assert list(curves['loss'].values) == [2, 5, 8]
    assert curves['loss'].unit == 'iteration' and curves['loss'].higher_is_better is False
    assert list(curves['depth/abs_rel'].values) == [2, 3] and curves['depth/abs_rel'].unit == 'epoch'
    assert curves['semseg/mIoU'].higher_is_better is True and curves['depth/abs_rel'].higher_is_better is False
    assert curves['lr'].higher_is_better is None and curves['time'].unit == 'iteration'
    default = choose_keys({'run': curves}, [])
    assert default == ['semseg', 'depth', 'normal', 'loss', 'semseg/mIoU', 'depth/abs_rel', 'normal/mean']


def test_a_later_log_replaces_what_it_repeats(tmp_path):
    write(tmp_path, *(step(number, loss=10 - number) for number in range(1, 6)), time='1')
    write(tmp_path, *(step(number, loss=20 - number) for number in range(4, 8)), time='2')
    assert read_curves(tmp_path)['loss'].values == {1: 9, 2: 8, 3: 7, 4: 16, 5: 15, 6: 14, 7: 13}


def test_iterations_of_a_run_without_epochs(tmp_path):
    record = {'loss': 1.0, 'iter': 5, 'step': 5}
    write(tmp_path, record, {'depth/abs_rel': 0.5, 'time': 1.0, 'step': 5})
    curves = read_curves(tmp_path)
    assert curves['depth/abs_rel'].unit == 'iteration' and 'time' not in curves


@pytest.mark.parametrize('name', ['weight/depth', 'lr', 'backbone.lr', 'grad_norm', 'decode.acc_seg', 'memory'])
def test_what_is_no_loss_has_no_best_value(name, tmp_path):
    write(tmp_path, step(1, **{name: 1.0, 'loss': 1.0}))
    curves = read_curves(tmp_path)
    assert curves[name].higher_is_better is None
    assert choose_keys({'run': curves}, []) == ['loss']


def test_the_table(tmp_path):
    values = [0.5, 0.2, float('nan'), 0.3]
    write(tmp_path, step(1, loss=1), *({'depth/abs_rel': v, 'a/mIoU': v, 'step': i} for i, v in enumerate(values, 1)))
    rows = log_table({'one': read_curves(tmp_path)}, ['depth/abs_rel', 'a/mIoU', 'lr']).splitlines()[2:5]
    assert rows == [
        '| depth/abs_rel | one | 0.3 (epoch 4) | **0.2 (epoch 2)** | 0.5 (epoch 1) |',
        '| a/mIoU | one | 0.3 (epoch 4) | 0.2 (epoch 2) | **0.5 (epoch 1)** |',
        '| lr | one | 0.1 (iteration 1) | 0.1 (iteration 1) | 0.1 (iteration 1) |',
    ]


def test_only_nan(tmp_path):
    write(tmp_path, step(1, loss=float('nan')))
    assert '| loss | one | nan (iteration 1) | – | – |' in log_table({'one': read_curves(tmp_path)}, ['loss'])


def test_primary_metrics():
    assert metric_directions()['mIoU'] and metric_directions()['odsF'] and not metric_directions()['abs_rel']


@pytest.mark.parametrize(
    ('text', 'message'),
    [('', 'nothing is logged yet'), ('no\n{"step": 1, "iter": 1}\n', 'line 1'), ('[1]\n', 'line 1')],
)
def test_damaged_files(text, message, tmp_path, data_error):
    write(tmp_path)
    file = tmp_path / '1' / 'vis_data' / 'scalars.json'
    file.write_text(text)
    with data_error(file, message):
        read_curves(tmp_path)


def test_an_incomplete_last_line_is_left_out(tmp_path):
    write(tmp_path, step(1, loss=2), end='\n{"lr": 0.1, "los')
    assert read_curves(tmp_path)['loss'].values == {1: 2}


def test_no_log(tmp_path, data_error):
    with data_error(tmp_path, 'no log in this folder'):
        read_curves(tmp_path)


def test_an_unknown_key(tmp_path):
    curves = read_curves(write(tmp_path, step(1, loss=2)))
    with pytest.raises(DataError, match='^los: not in the logs, which have loss, lr, time$'):
        choose_keys({'run': curves}, ['los'])


def test_the_command(tmp_path, capsys):
    for name, factor in (('a', 1), ('b', 2)):
        write(tmp_path / name, *(step(number, loss=factor / number) for number in range(1, 5)))
    image = tmp_path / 'curves.png'
    main(['analyze-logs', str(tmp_path / 'a'), f'two={tmp_path}/b', '--keys', 'loss', 'lr', '--out', str(image)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(' | ')[:2] for line in lines[2:6]] == [
        ['| loss', 'a'], ['| loss', 'two'], ['| lr', 'a'], ['| lr', 'two']
    ]  # fmt: skip
    pixels = Image.open(image).convert('RGB')
    colours = {colour for _, colour in pixels.getcolors(2**24)}
    assert pixels.width > pixels.height and {(31, 119, 180), (255, 127, 14)} <= colours  # one of each run


def test_folders_without_a_log_are_skipped(tmp_path, capsys):
    write(tmp_path / 'a', step(1, loss=1))
    (tmp_path / 'browse').mkdir()
    main(['analyze-logs', str(tmp_path / 'a'), str(tmp_path / 'browse')])
    output = capsys.readouterr()
    assert '| loss | a |' in output.out
    assert output.err == f'{tmp_path}/browse: no log in this folder, skipped\n'


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['{0}/b'], 'no log in this folder; expected a work directory'),
        (['{0}/a', '{0}/b/../a'], 'another run is also called a'),
        (['{0}/a', '--out', '{0}/x.txt'], 'ends with .png'),
    ],
)
def test_mistakes_are_one_line(options, message, tmp_path, capsys):
    write(tmp_path / 'a', step(1, loss=1))
    (tmp_path / 'b').mkdir()
    with pytest.raises(SystemExit) as end:
        main(['analyze-logs', *(option.format(tmp_path) for option in options)])
    (line,) = capsys.readouterr().err.splitlines()
    assert end.value.code == 2 and message in line
