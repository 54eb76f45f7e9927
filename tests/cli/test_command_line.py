"""A user error ends in one line and exit code 2; other errors keep their traceback."""

import argparse
import errno
import os
import signal
import subprocess
import sys

import pytest
from torch.utils.data import DataLoader, Dataset

from mmmtl.cli.command_line import KeyValues, command
from mmmtl.errors import CheckpointError, ConfigError, DataError, DivergenceError, UserError


@pytest.mark.parametrize('kind', [UserError, ConfigError, DataError, CheckpointError, DivergenceError])
def test_a_user_error_is_one_line(kind, capsys):
    @command
    def main() -> None:
        raise kind('rooms.py: something is wrong; mend it')

    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr() == ('', 'error: rooms.py: something is wrong; mend it\n')


class Broken(Dataset):
    """A dataset with a missing file."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        raise DataError('7.png: no such file; restore it')


@pytest.mark.parametrize('workers', [0, 1])
def test_an_error_in_a_loader_worker_is_one_line(workers, capsys):
    @command
    def main() -> None:
        list(DataLoader(Broken(), num_workers=workers))

    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == 'error: 7.png: no such file; restore it\n'


def test_an_internal_error_keeps_its_traceback(capsys):
    @command
    def main() -> None:
        raise ValueError('internal')

    with pytest.raises(ValueError, match='internal'):
        main()
    assert capsys.readouterr().err == ''


def test_valid_input_prints_no_message(capsys):
    done = []

    @command
    def main() -> None:
        """What the tool does."""
        done.append(1)

    assert main() is None and done == [1]
    assert main.__doc__ == 'What the tool does.'
    assert capsys.readouterr() == ('', '')


def options(*entries: str) -> dict:
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, default={})
    return parser.parse_args(['--cfg-options', *entries]).cfg_options


def test_entries_are_read():
    assert options('a.b=1', 'c=x=y', 'd=[1,(2,3)]') == {'a.b': 1, 'c': 'x=y', 'd': [1, (2, 3)]}


@pytest.mark.parametrize(
    'text, value',
    [
        ("[dict(type='EMAHook')]", [{'type': 'EMAHook'}]),
        (
            "[dict(type='EarlyStoppingHook',monitor='depth/abs_rel',rule='less',patience=3)]",
            [{'type': 'EarlyStoppingHook', 'monitor': 'depth/abs_rel', 'rule': 'less', 'patience': 3}],
        ),
        (
            'dict(type=mmmtl.MGDA, lr=-1e-3, flag=true, none=None, sizes=[(1, 2), {}])',
            {'type': 'mmmtl.MGDA', 'lr': -1e-3, 'flag': True, 'none': None, 'sizes': [(1, 2), {}]},
        ),
        ("{'a b': 'two words', 1: [c]}", {'a b': 'two words', 1: ['c']}),
        ('epoch_{}.pth', 'epoch_{}.pth'),
        ('[a_{}.pth,b]', ['a_{}.pth', 'b']),
        ('1e-3', 1e-3),
        ('false', False),
        ('None', None),
        ('a,2', ['a', 2]),
    ],
)
def test_dicts_are_written_as_in_a_config(text, value):
    found = options(f'a={text}')['a']
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    'entry, message',
    [
        ("a=[dict(type='EMAHook']", "a=[dict(type='EMAHook']: cannot be read as Python; write dicts as in a config"),
        ("a=[dict(b=open('c'))]", "a=[dict(b=open('c'))]: \"open('c')\" is not a value"),
        ('a=[dict(b=__import__)]', None),
        ('a={[]:1}', "'{[]: 1}' is not a value"),
        ("a={'b'", 'cannot be read as Python'),
        ('a=f(b,c)', 'only dict(...) may be called'),
        ('a=[f(b,c)]', 'only dict(...) may be called'),
        ('a=[dict(**b)]', "'dict(**b)' is not a value"),
        ('a=[dict(1)]', "'dict(1)' is not a value"),
    ],
)
def test_nothing_in_an_option_is_called(entry, message, capsys):
    if message is None:
        assert options(entry) == {'a': [{'b': '__import__'}]}  # a name is a string
        return
    with pytest.raises(SystemExit) as caught:
        options(entry)
    assert caught.value.code == 2
    assert f'error: argument --cfg-options: {entry}: ' in (output := capsys.readouterr().err) and message in output


@pytest.mark.parametrize(
    'entry, message',
    [
        ('a', "'a' is not KEY=VALUE"),
        ('=1', "'=1' is not KEY=VALUE"),
        ('a=1,[2', 'a=1,[2: Imbalanced brackets exist in 1,[2; close every bracket'),
    ],
)
def test_errors_name_the_invalid_entry(entry, message, capsys):
    with pytest.raises(SystemExit) as caught:
        options('b=1', entry)
    assert caught.value.code == 2
    assert f'error: argument --cfg-options: {message}\n' in capsys.readouterr().err


def test_a_missing_system_library_is_one_line(capsys):
    @command
    def main() -> None:
        raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')

    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: OpenCV needs the system library libGL.so.1') and 'libgl1' in line


def test_another_import_error_keeps_its_traceback():
    @command
    def main() -> None:
        raise ImportError('numpy is too old')

    with pytest.raises(ImportError, match='too old'):
        main()


@pytest.mark.parametrize('lines', [1, 100_000])
def test_a_closed_pipe_ends_quietly(lines):
    code = f"""
from mmmtl.cli.command_line import command
command(lambda: [print('line') for _ in range({lines})])()
"""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, '-c', code], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, '')


def test_another_broken_pipe_is_reported(capsys):
    @command
    def run():
        raise BrokenPipeError(errno.EPIPE, 'Broken pipe')

    with pytest.raises(SystemExit, match='2'):
        run()
    assert capsys.readouterr().err == 'error: Broken pipe\n'
