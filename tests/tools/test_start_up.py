"""What stands on the console before the first step, and before an error; the log file has all of it."""

import logging

from tiny_run import tiny_run
from tool_process import CONFIGS, run

CONFIG = CONFIGS / 'tiny_rooms.py'


def test_the_console_begins_with_the_run_and_the_file_has_the_rest(tmp_path, rooms_cache):
    hooks = "custom_hooks=[dict(type='EMAHook', momentum=0.1),dict(type='EarlyStoppingHook',monitor='depth/abs_rel')]"
    done = run(
        'train.py',
        CONFIG,
        '--work-dir',
        tmp_path / 'work',
        '--cfg-options',
        'train_cfg.max_epochs=1',
        hooks,
        folder=tmp_path / 'out',
    )
    assert done.code == 0, done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    first = next(number for number, line in enumerate(lines) if 'Epoch(train)' in line)
    assert first < 40
    assert any('one process on ' in line and 'seed 0' in line for line in lines[:first])
    (log,) = (tmp_path / 'work').glob('*/*.log')
    text = log.read_text()
    assert all(part in text for part in ('System environment', 'Config:', "type='EMAHook'", 'Hooks will be executed'))
    assert "type='EMAHook'" in (tmp_path / 'work' / CONFIG.name).read_text()


def test_a_data_error_comes_first(tmp_path):
    dataset = (
        "train_dataloader.dataset=dict(_delete_=True,type='mmmtl.NYUv2',root='absent',split='train',"
        "pipeline=[dict(type='mmmtl.LoadViews'),dict(type='mmmtl.PackViews')])"
    )
    done = run('train.py', CONFIG, '--work-dir', tmp_path / 'work', '--cfg-options', dataset, folder=tmp_path / 'out')
    assert 'absent' in done.error
    assert len(done.stdout.splitlines()) <= 1 and 'System environment' not in done.stderr


def test_levels_are_as_before(tmp_path, rooms_cache):
    logger = tiny_run(tmp_path / 'info').logger
    assert {handler.level for handler in logger.handlers} == {logging.INFO}
    logger = tiny_run(tmp_path / 'debug', log_level='DEBUG').logger
    assert {handler.level for handler in logger.handlers} == {logging.DEBUG}
