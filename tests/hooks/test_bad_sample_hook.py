"""The account of bad samples: each told once, all counted, over processes and over a resume."""

import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from two_processes import run_in_two, work

from mmmtl.hooks import BadSampleHook
from mmmtl.structures import MultiTaskDataSample


class Log:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, line: str) -> None:
        self.lines.append(line)


def batch(*skipped: list[str]) -> dict:
    return {
        'data_samples': [
            MultiTaskDataSample(metainfo={'skipped': list(errors)} if errors else {}) for errors in skipped
        ]
    }


@pytest.fixture
def runner() -> SimpleNamespace:
    return SimpleNamespace(logger=Log())


def test_each_bad_file_is_logged_once_and_every_sample_counted(runner):
    hook = BadSampleHook()
    for errors in ([], ['a.png: cut'], ['a.png: cut', 'b.png: cut']):
        hook.after_train_iter(runner, 0, batch([], errors))
    assert [line.rpartition('one: ')[2] for line in runner.logger.lines] == ['a.png: cut', 'b.png: cut']
    hook.after_train_epoch(runner)
    assert len(runner.logger.lines) == 3
    assert runner.logger.lines[-1].startswith('3 samples have been skipped so far because of 2 bad files')


def test_without_bad_samples_nothing_is_logged(runner):
    hook = BadSampleHook()
    hook.after_train_iter(runner, 0, batch([], []))
    hook.after_train_epoch(runner)
    assert runner.logger.lines == []


def test_the_count_continues_after_a_resume(runner):
    hook, later, checkpoint = BadSampleHook(), BadSampleHook(), {'meta': {}}
    hook.after_train_iter(runner, 0, batch(['a']))
    hook.before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta']['bad_samples'] == {'a': 1}
    later.after_load_checkpoint(runner, checkpoint)
    later.after_train_iter(runner, 0, batch(['a']))
    later.after_train_epoch(runner)
    assert runner.logger.lines[-1].startswith('2 samples have been skipped so far because of 1 bad files')


@pytest.mark.parametrize(('iteration', 'total'), [(0, 1), (5, 3)])
def test_a_run_that_starts_from_weights_does_not_count_those_of_the_other_run(runner, iteration, total):
    hook = BadSampleHook()
    hook.after_load_checkpoint(runner, {'meta': {'bad_samples': {'a': 2}}})
    runner.iter = iteration
    hook.before_train(runner)
    hook.after_train_iter(runner, 0, batch(['a']))
    hook.after_train_epoch(runner)
    assert runner.logger.lines[-1].startswith(f'{total} samples have been skipped')


def test_two_processes_count_together(tmp_path):
    for lines, total, saved in run_in_two(__file__, tmp_path):
        assert total == saved == {'both': 2, 'only 0': 1, 'only 1': 1}
        assert lines[-1].startswith('4 samples have been skipped so far because of 3 bad files')
        assert sum('only' in line for line in lines) == 2  # of the other process too


def count(rank: int) -> tuple[list[str], dict[str, int], dict[str, int]]:
    hook, runner, checkpoint = BadSampleHook(), SimpleNamespace(logger=Log()), {'meta': {}}
    hook.after_train_iter(runner, 0, batch(['both'], [f'only {rank}']))
    hook.before_save_checkpoint(runner, checkpoint)  # amid an epoch, as loops of iterations do
    hook.after_train_epoch(runner)
    return runner.logger.lines, dict(Counter(hook.total)), checkpoint['meta']['bad_samples']


if __name__ == '__main__':
    sys.path.insert(0, str(Path(__file__).parents[1]))
    work(count)
