"""A recipe by its entries: what counts and what does not, where two differ."""

import json

import pytest
from mmengine.config import Config
from tool_process import CONFIGS

from mmmtl.apis import load_config
from mmmtl.configuration.recipe_digest import flatten_recipe, recipe_differences, recipe_digest
from mmmtl.tasks import Depth

BASE = dict(tasks=dict(depth=dict(type='Depth')), randomness=dict(seed=0), model=dict(a=1), work_dir='x')


def test_a_recipe_is_all_but_the_seed_and_the_place():
    digest = recipe_digest(Config(BASE))
    assert digest == recipe_digest(Config(BASE | dict(randomness=dict(seed=5), work_dir='y', load_from='z', _helper=1)))
    assert digest != recipe_digest(Config(BASE | dict(model=dict(a=2))))
    assert digest != recipe_digest(Config(BASE | dict(randomness=dict(seed=0, deterministic=True))))
    assert digest != recipe_digest(Config(BASE | dict(custom_hooks=[dict(type='ConsistencyRampHook', iterations=4)])))
    checkpoint = dict(type='CheckpointHook', interval=1)
    assert digest == recipe_digest(Config(BASE | dict(default_hooks=dict(checkpoint=checkpoint))))
    best = dict(checkpoint=checkpoint | dict(save_best='depth/abs_rel'))
    assert digest != recipe_digest(Config(BASE | dict(default_hooks=best)))


@pytest.mark.parametrize('loader', ['train', 'val', 'test'])
def test_how_fast_batches_come_does_not_count(loader):
    def digest(**changes) -> str:
        return recipe_digest(
            load_config(
                CONFIGS / 'tiny_rooms.py', {f'{loader}_dataloader.{key}': value for key, value in changes.items()}
            )
        )

    assert digest() == digest(num_workers=3, pin_memory=True, persistent_workers=False, prefetch_factor=4, timeout=9)
    assert digest() == digest(num_workers=2, multiprocessing_context='spawn', pin_memory_device='cuda')
    assert digest() != digest(batch_size=3) and digest() != digest(drop_last=True)


def test_entries_are_plain_and_each_is_there_once():
    config = load_config(CONFIGS / 'tiny_rooms.py')
    entries = flatten_recipe(config)
    assert json.loads(json.dumps(entries)) == entries
    assert entries['train_dataloader.batch_size'] == 4 and entries['param_scheduler[1].T_max'] == 15
    assert entries['train_dataloader.dataset.pipeline[1].scales'] == [1.0, 1.2, 1.5]
    assert [key for key in entries if 'tasks.depth' in key] == ['tasks.depth.type']
    assert not any('num_workers' in key or 'seed' in key or key.startswith('_') for key in entries)


def test_a_class_is_named_without_its_address():
    entries = flatten_recipe(Config(BASE | dict(model=dict(build=Depth, scale=len))))
    assert entries['model.build'].endswith('tasks.depth.Depth') and entries['model.scale'] == 'builtins.len'


def test_differences_state_both_values():
    before = {'a': 1, 'b': [1, 2], 'c': 'x', 'gone': True, 'long': 'y' * 100}
    now = {'a': 1, 'b': [1, 3], 'c': None, 'new': 0.5, 'long': 'z' * 100}
    found = recipe_differences(before, now)
    assert found.pop('long') == f'was {"y" * 57}..., is {"z" * 57}...'
    assert found == {
        'b': 'was [1, 2], is [1, 3]',
        'c': 'was x, is None',
        'gone': 'was True, is not set',
        'new': 'was not set, is 0.5',
    }
