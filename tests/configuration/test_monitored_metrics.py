"""Monitored metrics: the rule comes from the task; a name that belongs to no task is rejected."""

import pytest
import torch
from mmengine.registry import HOOKS, PARAM_SCHEDULERS
from tool_process import CONFIGS

from mmmtl.apis import load_config
from mmmtl.errors import ConfigError

TINY = CONFIGS / 'tiny_rooms.py'


def stopping(monitor: str, **options) -> dict:
    return {'custom_hooks': [dict(type='EarlyStoppingHook', monitor=monitor, **options)]}


@pytest.mark.parametrize(
    'metric, rule', [('depth/abs_rel', 'less'), ('normal/mean', 'less'), ('semseg/mIoU', 'greater')]
)
def test_the_rule_is_that_of_the_task(metric, rule):
    config = load_config(TINY, {'default_hooks.checkpoint.save_best': metric, **stopping(metric)})
    assert config.default_hooks.checkpoint.rule == rule
    assert config.custom_hooks[0].rule == rule and config.custom_hooks[0].type == 'mmmtl.EarlyStoppingHook'
    config = load_config(TINY, {'param_scheduler': [dict(type='ReduceOnPlateauLR', monitor=metric)]})
    assert config.param_scheduler[0].rule == rule


def test_several_metrics_have_a_rule_each():
    config = load_config(TINY, {'default_hooks.checkpoint.save_best': ['depth/abs_rel', 'semseg/mIoU']})
    assert config.default_hooks.checkpoint.rule == ['less', 'greater']


def test_a_rule_inferred_from_the_name_fits_every_monitor():
    """MMEngine's hooks infer it, but not for a list of metrics; its schedules do not."""
    metrics = ['semseg/mIoU', 'semseg/mAcc', 'depth/loss']
    config = load_config(TINY, {'default_hooks.checkpoint.save_best': metrics})
    assert config.default_hooks.checkpoint.rule == ['greater', 'greater', 'less']
    HOOKS.build(config.default_hooks.checkpoint)
    config = load_config(TINY, {'param_scheduler': [dict(type='ReduceOnPlateauLR', monitor='semseg/mAcc')]})
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    assert PARAM_SCHEDULERS.build(config.param_scheduler[0], default_args=dict(optimizer=optimizer)).rule == 'greater'


def test_the_keys_of_a_hook_count():
    """The whole name comes before the parts, such as top."""
    metrics = ['depth/rmse_log', 'semseg/top_error', 'semseg/mIoU']
    checkpoint = dict(save_best=metrics, less_keys=['RMSE_log', 'semseg/top_error'])
    config = load_config(TINY, {f'default_hooks.checkpoint.{name}': value for name, value in checkpoint.items()})
    assert config.default_hooks.checkpoint.rule == ['less', 'less', 'greater']


def test_a_stated_rule_stays():
    config = load_config(TINY, stopping('depth/delta1', rule='greater'))
    assert config.custom_hooks[0].rule == 'greater'


@pytest.mark.parametrize(
    'metric, message',
    [
        (
            'depth/delta1',
            r"custom_hooks\[0\]\.rule: cannot infer whether a higher or a lower 'depth/delta1' is better; set rule=",
        ),
        (
            'depht/abs_rel',
            r"custom_hooks\[0\]\.monitor: 'depht/abs_rel' is not a metric of any task \(semseg, depth",
        ),
    ],
)
def test_an_unknown_metric_or_rule_is_rejected(metric, message):
    with pytest.raises(ConfigError, match=message):
        load_config(TINY, stopping(metric))


def test_scores_of_other_metrics_have_any_name():
    other = {'val_evaluator': dict(type='DumpResults', out_file_path='a.pkl'), **stopping('whatever', rule='less')}
    assert load_config(TINY, other).custom_hooks[0].monitor == 'whatever'


def test_nothing_is_filled_in_where_nothing_is_watched():
    config = load_config(TINY)
    assert 'rule' not in config.default_hooks.checkpoint
