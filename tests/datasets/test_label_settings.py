"""Which labels are shown: all that exist, or one each in equal shares."""

from collections import Counter
from pathlib import Path

import pytest

from mmmtl.datasets import AllLabels, LabelFile, OneLabel, Record, View

TASKS = ('semseg', 'depth', 'normal')


def records(*names: tuple[str, ...]) -> list[Record]:
    return [Record(str(number), (View(Path('image'), {name: LabelFile(Path(name)) for name in known}),))
            for number, known in enumerate(names)]


def test_all_labels_are_those_that_exist_and_are_learnt_in_the_order_of_the_tasks():
    shown = AllLabels().shown(records(('normal', 'depth', 'edge'), (), ('semseg',)), TASKS)
    assert shown == [('depth', 'normal'), (), ('semseg',)]


@pytest.mark.parametrize('count', [1, 30, 31, 32])
def test_one_label_each_in_equal_shares(count):
    shown = OneLabel(seed=4).shown(records(*[TASKS] * count), TASKS)
    assert all(len(names) == 1 for names in shown)
    shares = [Counter(shown)[(task,)] for task in TASKS]
    assert max(shares) - min(shares) <= 1 and sum(shares) == count


def test_one_label_is_fixed_by_the_seed_and_mixed_over_the_split():
    given = records(*[TASKS] * 60)
    assert OneLabel(1).shown(given, TASKS) == OneLabel(1).shown(given, TASKS) != OneLabel(2).shown(given, TASKS)
    first = OneLabel(1).shown(given, TASKS)[:30]
    assert set(first) == {(task,) for task in TASKS}
    assert first != (first[:3] * 10)  # no pattern in the order


def test_one_label_shows_only_what_exists():
    shown = OneLabel().shown(records(('depth',), (), ('depth', 'semseg'), ('edge',)), TASKS)
    assert shown[0] == ('depth',) and shown[1] == shown[3] == ()
    assert shown[2] in (('depth',), ('semseg',))


def test_rare_labels_are_preferred_to_keep_the_shares_equal():
    given = records(*[('depth',)] * 5, *[('depth', 'semseg')] * 5)
    for seed in range(5):
        shares = Counter(OneLabel(seed).shown(given, TASKS))
        assert shares[('semseg',)] >= 3  # by chance alone it would be about half of five
