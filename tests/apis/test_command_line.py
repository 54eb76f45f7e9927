"""How a tool ends: one line and code 2 for a user's mistake, a traceback for ours."""

import argparse

import pytest
from torch.utils.data import DataLoader, Dataset

from mmmtl.apis.command_line import KeyValues, command
from mmmtl.errors import CheckpointError, ConfigError, DataError, DivergenceError, UserError


@pytest.mark.parametrize('kind', [UserError, ConfigError, DataError, CheckpointError, DivergenceError])
def test_a_users_mistake_is_one_line(kind, capsys):
    @command
    def main() -> None:
        raise kind('rooms.py: something is wrong; mend it')

    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr() == ('', 'error: rooms.py: something is wrong; mend it\n')


class Broken(Dataset):
    """A data set with a missing file."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        raise DataError('7.png: no such file; restore it')


@pytest.mark.parametrize('workers', [0, 1])
def test_the_same_from_a_loaders_process(workers, capsys):
    @command
    def main() -> None:
        list(DataLoader(Broken(), num_workers=workers))

    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == 'error: 7.png: no such file; restore it\n'


def test_our_own_mistake_keeps_its_traceback(capsys):
    @command
    def main() -> None:
        raise ValueError('ours')

    with pytest.raises(ValueError, match='ours'):
        main()
    assert capsys.readouterr().err == ''


def test_where_nothing_is_wrong_nothing_is_said(capsys):
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


@pytest.mark.parametrize('entry, told', [('a', "'a' is not KEY=VALUE"), ('=1', "'=1' is not KEY=VALUE"),
                                         ('a=1,[2', 'Imbalanced brackets exist in 1,[2; close every bracket')])
def test_what_cannot_be_read_is_named(entry, told, capsys):
    with pytest.raises(SystemExit) as caught:
        options('b=1', entry)
    assert caught.value.code == 2
    assert f'error: argument --cfg-options: {told}\n' in capsys.readouterr().err
