"""A run that is taken up where a validation was due validates first, and only there."""

import pytest
from tiny_run import tiny_run

from mmmtl.hooks import ValidateOnResumeHook


@pytest.mark.parametrize(
    ('config', 'counter', 'due'),
    [
        ('tiny_rooms.py', '_epoch', {2, 4, 5}),
        ('tiny_rooms_iterations.py', '_iter', {4, 8, 12, 15}),
    ],
)
@pytest.mark.parametrize('begin', [1, 3])
def test_a_skipped_validation_runs_after_a_resume(config, counter, due, begin, tmp_path, rooms_cache, monkeypatch):
    runner = tiny_run(tmp_path, config=config, train_cfg__val_begin=begin)
    done = []
    monkeypatch.setattr('mmengine.runner.ValLoop.run', lambda loop: done.append(getattr(runner.train_loop, counter)))
    for count in range(max(due) + 1):
        setattr(runner.train_loop, counter, count)
        ValidateOnResumeHook().before_train(runner)
    assert set(done) == {count for count in due if count >= begin}


def test_an_interval_that_changes_on_the_way(tmp_path, rooms_cache, monkeypatch):
    runner = tiny_run(tmp_path, train_cfg__val_interval=5, train_cfg__dynamic_intervals=[(3, 1)])
    done = []
    monkeypatch.setattr('mmengine.runner.ValLoop.run', lambda loop: done.append(runner.epoch))
    for epoch in range(5):
        runner.train_loop._epoch = epoch
        ValidateOnResumeHook().before_train(runner)
    assert done == [2, 3, 4]  # as the loop itself decides: after epoch 2 it looks at epoch 3


def test_without_validation(tmp_path, rooms_cache):
    runner = tiny_run(tmp_path, val_cfg=None, val_dataloader=None, val_evaluator=None)
    runner.train_loop._epoch = 2
    ValidateOnResumeHook().before_train(runner)
