"""Label settings that are drawn: one label each in equal or given shares, or a random number of them."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from mmmtl.datasets import AllLabels, LabelFile, LabelRatio, OneLabel, RandomLabels, Record, View
from mmmtl.datasets.label_settings.given import list_path
from mmmtl.errors import ConfigError

TASKS = ('semseg', 'depth', 'normal')


def records(*names: tuple[str, ...]) -> list[Record]:
    return [
        Record(str(number), (View(Path('image'), {name: LabelFile(Path(name)) for name in known}),))
        for number, known in enumerate(names)
    ]


def test_all_labels_are_the_existing_labels_of_the_tasks_in_task_order():
    shown = AllLabels().shown(records(('normal', 'depth', 'edge'), (), ('semseg',)), TASKS)
    assert shown == [('depth', 'normal'), (), ('semseg',)]


@pytest.mark.parametrize('count', [1, 30, 31, 32])
def test_one_label_each_in_equal_shares(count):
    shown = OneLabel(seed=4).shown(records(*[TASKS] * count), TASKS)
    assert all(len(names) == 1 for names in shown)
    fractions = [Counter(shown)[(task,)] for task in TASKS]
    assert max(fractions) - min(fractions) <= 1 and sum(fractions) == count


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
        fractions = Counter(OneLabel(seed).shown(given, TASKS))
        assert fractions[('semseg',)] >= 3  # by chance alone it would be about half of five


def test_the_draw_of_one_label_does_not_change_with_the_version():
    firsts = ''.join(shown[0][0] for shown in OneLabel(0).shown(records(*[TASKS] * 20), TASKS))
    assert firsts == 'nddnnnssdddssnsnsndd'


@pytest.mark.parametrize(('ratio', 'expected'), [((1, 9), (30, 270)), ((9, 1), (270, 30)), ((1, 1), (150, 150))])
def test_a_ratio_is_kept_to_within_one(ratio, expected):
    tasks = ('semseg', 'depth')
    setting = dict(ratio=dict(zip(tasks, ratio, strict=True)))
    shown = LabelRatio(**setting).shown(records(*[tasks] * 300), tasks)
    assert tuple(Counter(shown)[(task,)] for task in tasks) == expected
    assert shown == LabelRatio(**setting).shown(records(*[tasks] * 300), tasks)
    assert shown != LabelRatio(**setting, seed=1).shown(records(*[tasks] * 300), tasks)


def test_equal_shares_are_one_label():
    given = records(*[TASKS] * 40, ('depth',))
    assert LabelRatio(dict.fromkeys(TASKS, 2), seed=5).shown(given, TASKS) == OneLabel(5).shown(given, TASKS)


@pytest.mark.parametrize(
    'ratio',
    [
        {},
        {'semseg': 0, 'depth': 1},
        {'semseg': 1},
        {'semseg': 1, 'depth': 1, 'edge': 1},
        {'semseg': '1', 'depth': 9},
        {'semseg': float('inf'), 'depth': 1},
    ],
)
def test_a_ratio_that_does_not_name_the_tasks_is_refused(ratio):
    with pytest.raises(ConfigError, match='LabelRatio.ratio'):
        LabelRatio(ratio).shown(records(('semseg', 'depth')), ('semseg', 'depth'))


def test_random_labels_are_some_and_not_all():
    shown = RandomLabels(seed=3).shown(records(*[TASKS] * 600, ('depth',), ()), TASKS)
    assert shown[600:] == [('depth',), ()]
    counts = Counter(shown[:600])
    assert set(counts) == {subset for size in (1, 2) for subset in combinations(TASKS, size)}  # in the tasks' order
    assert all(70 < count < 130 for count in counts.values())  # 100 each, within 3 deviations


def test_random_labels_are_fixed_by_the_seed():
    given = records(*[TASKS] * 60)
    assert (
        RandomLabels(1).shown(given, TASKS)
        == RandomLabels(1).shown(given, TASKS)
        != RandomLabels(2).shown(given, TASKS)
    )


def test_random_labels_shows_up_to_max_labels():
    given = records(*[TASKS] * 90)
    assert {len(names) for names in RandomLabels(max_labels=1).shown(given, TASKS)} == {1}
    assert {len(names) for names in RandomLabels(max_labels=9).shown(given, TASKS)} == {1, 2, 3}
    for max_labels in (0, 1.5, '2'):
        with pytest.raises(ConfigError, match='RandomLabels.max_labels must be a positive integer'):
            RandomLabels(max_labels=max_labels)


def test_random_labels_have_the_frequencies_of_the_published_draws():
    """Of 3 labels on every image (NYUv2), and of 4 or, where there is a person, 5 (PASCAL-Context)."""
    published = Counter(row.count('1') for row in json.loads(list_path('nyuv2_randomlabels').read_text())['labelled'])
    drawn = Counter(map(len, RandomLabels().shown(records(*[TASKS] * 795), TASKS)))
    assert set(drawn) == set(published) and all(abs(drawn[size] - published[size]) < 60 for size in drawn)
    table = json.loads(list_path('pascal_randomlabels').read_text())['labelled']
    published = Counter(Counter(name for names in table.values() for name in names).values())
    persons = 4 * published[4]  # the 4 sizes are as likely, and only 5 labels can give 4
    drawn = Counter(
        map(
            len,
            RandomLabels().shown(
                records(*[tuple(table)] * persons, *[tuple(set(table) - {'human_parts'})] * (4998 - persons)),
                tuple(table),
            ),
        )
    )
    assert set(drawn) == set(published) and all(abs(drawn[size] - published[size]) < 150 for size in drawn)
