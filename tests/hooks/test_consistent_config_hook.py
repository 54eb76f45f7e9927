"""A config that states its tasks or its batch size twice, differently, is refused before the run."""

import pytest
from mmengine.config import Config

from mmmtl.errors import ConfigError
from mmmtl.hooks.consistent_config_hook import check_consistent_config

TASKS = dict(depth=dict(type='mmmtl.Depth'))


def config(**changes) -> Config:
    return Config(
        dict(
            tasks=TASKS,
            model=dict(tasks=TASKS),
            train_dataloader=dict(
                batch_size=4, sampler=dict(batch_size=4), dataset=dict(parts=dict(a=dict(tasks=TASKS)))
            ),
            val_evaluator=[dict(tasks=TASKS)],
        )
        | changes
    )


def test_a_config_that_agrees_with_itself():
    check_consistent_config(config())
    check_consistent_config(Config(dict(model=dict())))


@pytest.mark.parametrize(
    ('changes', 'path'),
    [
        (dict(tasks=dict(depth=dict(type='mmmtl.Depth', max_depth=80.0))), r'model\.tasks'),
        (dict(model=dict(tasks=dict())), r'model\.tasks'),
        (dict(val_evaluator=[dict(tasks=dict())]), r'val_evaluator\.0\.tasks'),
        (
            dict(test_dataloader=dict(dataset=dict(parts=dict(a=dict(tasks=dict()))))),
            r'test_dataloader\.dataset\.parts\.a',
        ),
        (
            dict(
                trained_for=dict(size=(9, 9)),
                val_dataloader=dict(dataset=dict(pipeline=[dict(trained_for=dict(size=(8, 8)))])),
            ),
            r'val_dataloader\.dataset\.pipeline\.0\.trained_for',
        ),
        (
            dict(train_dataloader=dict(batch_size=8, sampler=dict(batch_size=4))),
            r'train_dataloader\.sampler\.batch_size',
        ),
    ],
)
def test_a_config_that_contradicts_itself(changes, path):
    with pytest.raises(ConfigError, match=f'{path}.* differs from the entry that it repeats'):
        check_consistent_config(config(**changes))
