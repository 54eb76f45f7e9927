"""Counts and lengths on the command line: an invalid value ends in one clear line."""

import argparse

import pytest

from mmmtl.cli.main import main
from mmmtl.cli.options import at_least, positive

COUNTS = [
    ('predict a.png --frame-step', 1),
    ('predict a.png --batch-size', 1),
    ('browse c.py --count', 1),
    ('browse c.py --seed', 0),
    ('check-data c.py --limit', 1),
    ('check-data c.py --workers', 0),
    ('label-stats c.py --workers', 0),
    ('regions c.py --processes', 1),
    ('task-conflict c.py --batches', 1),
    ('table c.py --jobs', 1),
    ('table c.py --seeds 1', 0),
    ('single-task c.py --jobs', 1),
    ('single-task c.py --seeds 1', 0),
    ('export rooms_lite0 a.onnx --size 9', 1),
    ('export rooms_lite0 a.onnx --views', 1),
    ('web --port', 1),
    ('flops c.py --size 9', 1),
    ('benchmark c.py --size 9', 1),
    ('convert-dataset camvid a b --size 9', 1),
    ('convert-dataset two-view a b --size 9', 1),
    ('convert-dataset sun3d a b --every', 1),
    ('convert-dataset sun3d a b --size 9', 1),
    ('convert-dataset tum-rgbd a b --every', 1),
    ('convert-dataset estimate-poses a b --every', 1),
    ('convert-dataset estimate-poses a b --size 9', 1),
]
LENGTHS = ['point-cloud a.png --depth-scale', 'point-cloud a.png --max-depth', 'web --timeout',
           'convert-dataset estimate-poses a b --depth-scale']  # fmt: skip


def refused(arguments: list[str], capsys) -> str:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    error = capsys.readouterr().err
    assert end.value.code == 2 and 'Traceback' not in error
    return error.strip().splitlines()[-1]


@pytest.mark.parametrize(('command', 'minimum'), COUNTS)
def test_counts(command, minimum, capsys):
    option = next(word for word in command.split()[::-1] if word.startswith('--'))
    for text in (str(minimum - 1), '2.5', 'many'):
        line = refused([*command.split(), text], capsys)
        expected = f'argument {option}: expected a whole number of at least {minimum}, found {text!r}'
        assert line.endswith(expected) or (text == '-1' and line.endswith(f'argument {option}: expected one argument'))


@pytest.mark.parametrize('command', LENGTHS)
def test_lengths(command, capsys):
    for text in ('0', 'inf', 'wide'):
        line = refused([*command.split(), text], capsys)
        assert line.endswith(f'argument {command.split()[-1]}: expected a positive, finite number, found {text!r}')


@pytest.mark.parametrize('minimum', [-1, 0, 1])
def test_valid_values_are_read(minimum):
    assert [at_least(minimum)(str(number)) for number in (minimum, 7)] == [minimum, 7]
    assert positive('0.5') == 0.5
    for text in ('', '-', '--5', '1e3', str(minimum - 1)):
        with pytest.raises(argparse.ArgumentTypeError, match='expected a whole number'):
            at_least(minimum)(text)
