"""What stands on the console before the first step, and before an error; the log file has all of it."""

import logging
import runpy
import uuid
from pathlib import Path

import pytest
from mmengine.hooks import Hook
from tiny_run import tiny_run
from tool_process import CONFIGS, run

from mmmtl.apis import MultiTaskRunner, load_config

CONFIG = CONFIGS / 'tiny_rooms.py'
ROOT = Path(__file__).parents[2]
FAMILIES = runpy.run_path(str(ROOT / 'tools' / 'compare_revisions.py'))['RECIPES']


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


class Stop(Hook):
    """Ends a run where its first step would begin."""

    def before_train_epoch(self, runner) -> None:
        raise InterruptedError


def few_rooms(node: object) -> None:
    """Two rooms for each generated dataset, and no pretrained weights."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ():
        few_rooms(child)
    if isinstance(node, dict):
        node.update({'scenes': 2} if 'scenes' in node else {})
        for weights in ('pretrained', 'init_cfg'):
            node.pop(weights, None)


@pytest.mark.slow
@pytest.mark.parametrize('recipe', FAMILIES)
def test_every_family_begins_within_40_lines(recipe, tmp_path, rooms_cache, capfd):
    path, separator, row = recipe.partition('::')
    config = load_config(f'{ROOT / "configs" / path.removesuffix(".py")}.py{separator}{row}')
    few_rooms(config.model)
    for split in ('train', 'val', 'test'):
        few_rooms(config[f'{split}_dataloader'])
        config[f'{split}_dataloader'].num_workers = 0
        config[f'{split}_dataloader'].pop('persistent_workers', None)
    config.work_dir, config.experiment_name = str(tmp_path), f'start {uuid.uuid4()}'
    capfd.readouterr()
    runner = MultiTaskRunner.from_cfg(config)
    runner.register_hook(Stop(), 'LOWEST')
    with pytest.raises(InterruptedError):
        runner.train()
    shown = capfd.readouterr()
    lines = (shown.out + shown.err).splitlines()
    assert any('seed' in line for line in lines) and len(lines) < 40
    (log,) = tmp_path.glob('*/*.log')
    assert 'Config:' in log.read_text() and list(tmp_path.glob('*.py'))


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
