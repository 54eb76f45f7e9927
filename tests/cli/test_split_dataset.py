"""Commands with ``--split``: a split that the config lacks ends in one line."""

import pytest
from tool_process import CONFIGS

from mmmtl.apis import load_config
from mmmtl.cli.main import main
from mmmtl.cli.options import split_dataset
from mmmtl.errors import ConfigError

TINY = CONFIGS / 'tiny_rooms.py'
NO_VALIDATION = {'val_dataloader': None, 'val_evaluator': None, 'val_cfg': None}


def test_the_dataset_of_a_split():
    config = load_config(TINY)
    for split in ('train', 'val', 'test'):
        assert split_dataset(config, split) == config[f'{split}_dataloader'].dataset


def test_a_missing_split_is_named():
    with pytest.raises(ConfigError, match='--split val: the config has no val_dataloader; choose another split'):
        split_dataset(load_config(TINY, NO_VALIDATION), 'val')


@pytest.mark.parametrize(
    'command',
    [
        ['browse'],
        ['regions', '--backend', 'semseg'],
        ['pseudo-disparity'],
    ],
)
def test_commands_name_the_missing_split(command, tmp_path, capsys):
    options = ['--cfg-options', *(f'{key}=None' for key in NO_VALIDATION)]
    out = ['--out', str(tmp_path / 'out')]
    with pytest.raises(SystemExit, match='2'):
        main([command[0], str(TINY), *command[1:], '--split', 'val', *out, *options])
    assert 'the config has no val_dataloader' in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / 'out').exists()
