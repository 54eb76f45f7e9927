"""How a tool ends: one line and code 2 for a user's mistake, a traceback for ours."""

import pytest
from torch.utils.data import DataLoader, Dataset

from mmmtl.apis.command_line import command
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
