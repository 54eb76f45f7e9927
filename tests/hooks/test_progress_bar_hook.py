"""The progress bar counts training iterations and test batches, from where a run is taken up."""

from types import SimpleNamespace

import pytest

from mmmtl.hooks import ProgressBarHook


@pytest.mark.parametrize(
    ('before', 'after', 'end', 'start'),
    [
        ('before_train', 'after_train_iter', 'after_train', 3),
        ('before_test_epoch', 'after_test_iter', 'after_test_epoch', 0),
    ],
)
def test_the_bar(before, after, end, start):
    hook, runner = ProgressBarHook(), SimpleNamespace(max_iters=5, iter=3, test_dataloader=range(5))
    getattr(hook, before)(runner)
    assert (hook.bar.total, hook.bar.n) == (5, start)
    getattr(hook, after)(runner, 0)
    assert hook.bar.n == start + 1
    getattr(hook, end)(runner)
    assert hook.bar is None
    getattr(hook, after)(runner, 0)  # without a bar, as on the other processes
