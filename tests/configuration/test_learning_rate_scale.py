"""The learning rate follows the batch size, and a config that cannot be scaled is one line."""

from pathlib import Path

import pytest
from tiny_run import tiny_run
from tool_process import CONFIGS, run

from mmmtl.apis import load_config
from mmmtl.configuration.learning_rate_scale import check_learning_rate_scale
from mmmtl.configuration.recipe_digest import recipe_digest
from mmmtl.configuration.recipes import all_recipes, read_recipe, recipe_name
from mmmtl.errors import ConfigError

CONFIG = CONFIGS / 'tiny_rooms.py'
RECIPES = all_recipes(Path(__file__).parents[2] / 'configs')


@pytest.mark.parametrize('batch', [2, 4, 10])
def test_the_rate_is_proportional_to_the_batch(batch, tmp_path, rooms_cache):
    scaled = {'auto_scale_lr.enable': True, 'auto_scale_lr.base_batch_size': 4, 'train_dataloader.batch_size': batch}
    runner = tiny_run(tmp_path, **{key.replace('.', '__'): value for key, value in scaled.items()})
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.scale_lr(runner.optim_wrapper, runner.auto_scale_lr)
    (rate,) = {group['lr'] for group in runner.optim_wrapper.param_groups}
    assert rate == pytest.approx(1e-3 * batch / 4)


@pytest.mark.parametrize(
    ('entries', 'message'),
    [
        ({'enable': True}, 'the config has none; give'),
        ({'base_batch_size': 0}, 'at least 1, found 0'),
        ({'base_batch_size': '8'}, "found '8'"),
        ({'base_batch_size': True}, 'found True'),
        ({'enabled': True}, "did you mean 'enable'"),
        ({'enable': 'no', 'base_batch_size': 8}, "enable: expected True or False, found 'no'"),
    ],
)
def test_a_wrong_entry_is_one_line(entries, message):
    with pytest.raises(ConfigError, match=message):
        load_config(CONFIG, {f'auto_scale_lr.{key}': value for key, value in entries.items()})


def test_a_list_is_refused():
    with pytest.raises(ConfigError, match=r'^auto_scale_lr: expected dict\(base_batch_size=N\), found \[1\]'):
        load_config(CONFIG, {'auto_scale_lr': [1]})


@pytest.mark.parametrize('entries', [None, {}, {'base_batch_size': 8}, {'enable': False}])
def test_what_is_not_enabled_passes(entries):
    check_learning_rate_scale(entries)


def test_the_option_of_the_command(tmp_path, rooms_cache):
    short = ['--auto-scale-lr', '--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=9']
    arguments = ['train.py', CONFIG, '--work-dir', tmp_path / 'work', *short]
    assert 'auto_scale_lr.base_batch_size: the config has none' in run(*arguments, folder=tmp_path / 'a').error
    assert not (tmp_path / 'work').exists()
    done = run(*arguments, 'auto_scale_lr.base_batch_size=2', folder=tmp_path / 'b')
    assert done.code == 0, done.stderr
    assert 'Scaling the original LR by 2.0' in done.stdout + done.stderr


@pytest.mark.parametrize('path', [path for path in RECIPES if '::' not in path], ids=recipe_name)
def test_recipes_state_their_own_batch(path):
    config = read_recipe(path)
    if config.get('train_dataloader'):
        assert config.auto_scale_lr.base_batch_size == config.train_dataloader.batch_size


def test_only_an_enabled_one_changes_the_recipe():
    plain = recipe_digest(load_config(CONFIG))
    assert recipe_digest(load_config(CONFIG, {'auto_scale_lr.base_batch_size': 2})) == plain
    enabled = {'auto_scale_lr.base_batch_size': 2, 'auto_scale_lr.enable': True}
    assert recipe_digest(load_config(CONFIG, enabled)) != plain
