"""A slice that is held out and the rest: together the split, by whole scenes, showing what they showed before."""

import pytest

from mmmtl.datasets import HoldOutSplit, Record
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError

PLAIN = [dict(type=LoadViews), dict(type=PackViews)]


def both(records: list[Record], **options) -> tuple[list[int], list[int]]:
    return tuple(HoldOutSplit(give=give, **options).indices(records) for give in ('rest', 'slice'))


def test_the_two_parts_are_the_split():
    records = [Record(str(number), ()) for number in range(50)]
    rest, held = both(records)
    assert sorted(rest + held) == list(range(50)) and len(held) == 5
    assert held == sorted(held) and held != list(range(held[0], held[0] + 5))  # in order, from all over the split
    assert (rest, held) == both(records) != both(records, seed=1)


@pytest.mark.parametrize(('fraction', 'expected'), [(0.001, 1), (0.5, 2), (0.999, 2)])
def test_neither_part_is_empty(fraction, expected):
    assert len(both([Record(str(number), ()) for number in range(3)], fraction=fraction)[1]) == expected


def test_a_scene_is_not_cut(rooms):
    rest, held = (
        rooms(PLAIN, view_mode='single', held_out=dict(type=HoldOutSplit, fraction=0.3, give=give))
        for give in ('rest', 'slice')
    )
    assert (len(rest), len(held)) == (4, 2)
    assert not {record.scene for record in rest.records} & {record.scene for record in held.records}


@pytest.mark.parametrize('give', ['rest', 'slice'])
def test_labels_are_hidden_before_the_split_is_cut(rooms, give):
    setting = dict(type='RandomLabels', seed=2)
    whole = rooms(PLAIN, view_mode='single', label_setting=setting)
    part = rooms(
        PLAIN, view_mode='single', label_setting=setting, held_out=dict(type=HoldOutSplit, fraction=0.3, give=give)
    )
    shown = dict(zip([record.name for record in whole.records], whole.shown, strict=True))
    assert [shown[record.name] for record in part.records] == part.shown
    assert tuple(part[1]['data_samples'][0].gt.keys()) == part.shown[1]


@pytest.mark.parametrize('options', [dict(fraction=0), dict(fraction=1.0), dict(give='test')])
def test_what_is_refused(options):
    with pytest.raises(ConfigError, match='HoldOutSplit'):
        HoldOutSplit(**options)
    with pytest.raises(ConfigError, match='only one scene'):
        HoldOutSplit().indices([Record('a/0', (), 'a'), Record('a/1', (), 'a')])
