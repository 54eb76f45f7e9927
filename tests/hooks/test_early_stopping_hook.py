"""Early stopping: as in one go after any number of stops, and a measure that is not there is named."""

from types import SimpleNamespace

import pytest
from mmengine.logging import MessageHub
from tiny_run import tiny_run

from mmmtl.checkpoints.checkpoint import read_checkpoint
from mmmtl.errors import ConfigError
from mmmtl.hooks import EarlyStoppingHook

SCORES = [0.9, 0.5, 0.8, 0.65, 0.62, 0.6, 0.7, 0.5]  # with patience 3 it stops after the fifth


@pytest.fixture
def scores(monkeypatch):
    """The validation after epoch N gives ``SCORES[N - 1]``."""
    monkeypatch.setattr('mmengine.runner.ValLoop.run', validate)


def validate(loop) -> dict[str, float]:
    scores = {'depth/abs_rel': SCORES[loop.runner.epoch - 1]}
    loop.runner.call_hook('before_val')
    loop.runner.call_hook('after_val_epoch', metrics=scores)
    loop.runner.call_hook('after_val')
    return scores


def run(folder, until: int, monitor: str = 'depth/abs_rel', **options):
    hook = dict(type='EarlyStoppingHook', monitor=monitor, rule='less', patience=3, min_delta=0.0)
    return tiny_run(
        folder,
        custom_hooks=[hook],
        train_cfg__max_epochs=until,
        train_cfg__val_interval=1,
        param_scheduler=None,
        **options,
    )


@pytest.mark.parametrize('stops', [(), (3, 4)])
def test_it_stops_where_one_run_would(stops, tmp_path, rooms_cache, scores):
    for until in stops:
        run(tmp_path, until, resume=until > stops[0]).train()
    runner = run(tmp_path, len(SCORES), resume=bool(stops))
    runner.train()
    assert runner.epoch == 5
    again = run(tmp_path, len(SCORES), resume=True)
    again.train()
    assert again.epoch == 5  # stopped stays stopped
    saved = read_checkpoint(tmp_path / 'epoch_5.pth')['message_hub']['best_scores']['best_score_early_stopping']
    assert saved == {'monitor': 'depth/abs_rel', 'best_score': 0.5, 'wait_count': 2}  # before its validation


def test_scores_of_another_validation_set_do_not_count(tmp_path, rooms_cache, scores):
    run(tmp_path, 4).train()
    runner = run(tmp_path, len(SCORES), resume=True, val_dataloader__dataset__scenes=2)
    runner.train()
    assert runner.epoch == 8  # by the validations of epochs 4 to 8 alone: no three in a row without a lower one


def test_the_log_names_all_conditions():
    lines = []
    runner = SimpleNamespace(message_hub=MessageHub('conditions'), logger=SimpleNamespace(info=lines.append))
    for options in ({}, {'check_finite': False, 'stopping_threshold': 0.9}):
        EarlyStoppingHook('semseg/mIoU', rule='greater', min_delta=0.01, patience=3, **options).before_train(runner)
    begin = 'stops early once semseg/mIoU is not higher than its best by at least 0.01 in 3 validations in a row'
    assert lines == [f'{begin}, or if it is not finite', f'{begin}, or once it is above 0.9']


def test_a_measure_that_validation_does_not_give(tmp_path, rooms_cache, scores):
    with pytest.raises(ConfigError, match="validation returns no 'depth/abs_ral'; it returns depth/abs_rel"):
        run(tmp_path, 1, monitor='depth/abs_ral').train()
